//! # A lock that the dead hold: solved
//!
//! `SEM_UNDO` has the kernel keep, for each process and semaphore, the sum of what that process did, and take it back
//! when the process ends. For a lock that is right: one process does both.

use std::io::{BufRead, BufReader, Read, stdin};
use std::process::{Child, Command, Stdio};
use std::{env, io, ptr};

/// Takes the lock, and waits for it for two seconds at most.
fn take(id: i32) -> io::Result<()> {
    // Killed from here on, the kernel adds the one again.
    let flags = libc::SEM_UNDO as i16;
    semtimedop(id, libc::sembuf { sem_num: 0, sem_op: -1, sem_flg: flags }, 2)
}

/// Gives the lock back.
fn give(id: i32) -> io::Result<()> {
    // Here too: -1 and +1 make 0, so nothing is taken back at a normal end. With the flag on the take alone, each end would
    // add one that was given back already, and two processes would get the lock at the same time.
    let flags = libc::SEM_UNDO as i16;
    semtimedop(id, libc::sembuf { sem_num: 0, sem_op: 1, sem_flg: flags }, 2)
}

// From here on nothing has to be changed.

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let [_, role, id] = &arguments[..] {
        return second_process(role, id.parse().expect("an id"));
    }
    // SAFETY: numbers only.
    let id = unsafe { libc::semget(libc::IPC_PRIVATE, 1, 0o600) };
    assert!(id >= 0, "semget: {}", io::Error::last_os_error());
    note("semaphore", id);
    // SAFETY: numbers only.
    unsafe { libc::semctl(id, 0, libc::SETVAL, 1) };

    let mut holder = start("hold", id);
    wait_for_a_line(&mut holder);
    holder.kill().expect("it is our child");
    holder.wait().expect("it is our child");
    println!("the holder was killed");
    match take(id) {
        Ok(()) => {
            println!("the next one got the lock");
            give(id).expect("there is a semaphore");
        }
        Err(error) => println!("the next one never got the lock: {error}"),
    }

    start("polite", id).wait().expect("it is our child");
    // SAFETY: numbers only.
    println!("in the end the count is {}", unsafe { libc::semctl(id, 0, libc::GETVAL) });
    // SAFETY: numbers only.
    unsafe { libc::semctl(id, 0, libc::IPC_RMID) };
}

/// Notes an object for the judge, which removes it if this process is killed before it could.
fn note(kind: &str, id: i32) {
    if std::env::var_os("JUDGED").is_some() {
        let _ = std::fs::write(std::env::temp_dir().join(format!("{kind}-{id}")), "");
    }
}

fn second_process(role: &str, id: i32) {
    if take(id).is_err() {
        return;
    }
    match role {
        "hold" => {
            println!("I hold it");
            let _ = stdin().read(&mut [0]); // until it is killed, or its parent has ended
        }
        _ => give(id).expect("there is a semaphore"),
    }
}

fn start(role: &str, id: i32) -> Child {
    let mut command = Command::new(env::current_exe().expect("a path"));
    command.args([role, &id.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().expect("a second process")
}

fn wait_for_a_line(child: &mut Child) {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("readable");
}

fn semtimedop(id: i32, mut operation: libc::sembuf, seconds: i64) -> io::Result<()> {
    let timeout = libc::timespec { tv_sec: seconds, tv_nsec: 0 };
    let (operations, timeout) = (&raw mut operation, ptr::from_ref(&timeout));
    // SAFETY: one operation and one time, both of which outlive the call.
    match unsafe { libc::syscall(libc::SYS_semtimedop, id, operations, 1_usize, timeout) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
