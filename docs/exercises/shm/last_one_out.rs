//! # The last one out (write, 20 minutes)
//!
//! An owner makes a segment under a key, and a joiner finds it by that key. Then both are killed. As given, the segment is
//! left behind, forever.
//!
//! Write `meet`: as soon as two processes are attached, the segment is to be marked for removal. Not before that: the joiner
//! finds a marked segment by its key no more. Read: shared memory, "Meeting at a segment", and shmctl(2).
//!
//! Run it: `cargo run -p course -- run shm_last_one_out`

use std::io::{BufRead, BufReader, Read, stdin};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs, io, mem, process, ptr, thread};

/// Waits until the joiner is attached, too, and sees to it that the segment goes with the last of the two.
fn meet(_id: i32) {
    // TODO: `attached` and `mark_for_removal`, below, are what it takes.
}

/// How many processes have the segment attached.
#[allow(dead_code)] // until you use it
fn attached(id: i32) -> u64 {
    // SAFETY: zeros are a value of this struct of numbers.
    let mut stat: libc::shmid_ds = unsafe { mem::zeroed() };
    // SAFETY: the kernel writes one such struct.
    assert_eq!(unsafe { libc::shmctl(id, libc::IPC_STAT, &raw mut stat) }, 0, "shmctl");
    stat.shm_nattch
}

fn mark_for_removal(id: i32) {
    // SAFETY: `IPC_RMID` uses no buffer.
    unsafe { libc::shmctl(id, libc::IPC_RMID, ptr::null_mut()) };
}

// From here on nothing has to be changed.

fn main() {
    let arguments: Vec<String> = env::args().collect();
    match &arguments[..] {
        [_, role, key] if role == "owner" => owner(key.parse().expect("a key")),
        [_, role, key] if role == "joiner" => joiner(key.parse().expect("a key")),
        _ => both_are_killed(),
    }
}

fn both_are_killed() {
    let key = 0x4000_0000 | (process::id() as i32 & 0xff_ffff);
    let mut owner = start("owner", key);
    let mut lines = BufReader::new(owner.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let id = lines.next().unwrap_or_default();
    end_later(owner.id());
    println!("{}", lines.next().unwrap_or_else(|| "the owner waits forever".to_owned()));
    owner.kill().expect("it is our child"); // the joiner ends with it: see there
    owner.wait().expect("it is our child");
    for _ in 0..200 {
        match nattch(&id) {
            Some(1..) => thread::sleep(Duration::from_millis(50)),
            _ => break,
        }
    }
    match nattch(&id) {
        None => println!("nothing is left behind"),
        Some(count) => {
            println!("the segment is left behind, with {count} attached");
            mark_for_removal(id.parse().expect("an id"));
        }
    }
}

/// An owner that hangs is killed all the same.
fn end_later(owner: u32) {
    thread::spawn(move || {
        thread::sleep(Duration::from_secs(10));
        // SAFETY: numbers only. Our child, which has not been waited for yet, so the number is still its own.
        unsafe { libc::kill(owner.cast_signed(), libc::SIGKILL) };
    });
}

fn owner(key: i32) {
    // SAFETY: numbers only.
    let id = unsafe { libc::shmget(key, 4096, libc::IPC_CREAT | libc::IPC_EXCL | 0o600) };
    assert!(id >= 0, "shmget: {}", io::Error::last_os_error());
    note("segment", id);
    println!("{id}");
    attach(id);
    let mut joiner = start("joiner", key);
    meet(id);
    let mut line = String::new();
    BufReader::new(joiner.stdout.as_mut().expect("piped")).read_line(&mut line).expect("readable");
    println!("{}", line.trim_end());
    thread::sleep(Duration::from_secs(20));
    let _ = joiner.wait();
}

/// Notes an object for the judge, which removes it if this process is killed before it could.
fn note(kind: &str, id: i32) {
    if std::env::var_os("JUDGED").is_some() {
        let _ = std::fs::write(std::env::temp_dir().join(format!("{kind}-{id}")), "");
    }
}

fn joiner(key: i32) {
    // It comes late, so that one who marks too early is found out.
    let pause = env::var("JOINER_MS").ok().and_then(|pause| pause.parse().ok()).unwrap_or(200);
    thread::sleep(Duration::from_millis(pause));
    // SAFETY: numbers only.
    let id = unsafe { libc::shmget(key, 0, 0) };
    if id < 0 {
        println!("the joiner finds no segment under the key");
    } else {
        attach(id);
        println!("the joiner is attached");
    }
    let _ = stdin().read(&mut [0]); // until the owner has ended
}

fn start(role: &str, key: i32) -> Child {
    let mut command = Command::new(env::current_exe().expect("a path"));
    command.args([role, &key.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().expect("a second process")
}

/// Attaches it as long as this process lives.
fn attach(id: i32) {
    // SAFETY: the kernel chooses a free address.
    let base = unsafe { libc::shmat(id, ptr::null(), 0) };
    assert!(base as isize != -1, "shmat: {}", io::Error::last_os_error());
}

/// How many have it attached, from the kernel's table; `None` if it is gone.
fn nattch(id: &str) -> Option<u64> {
    let table = fs::read_to_string("/proc/sysvipc/shm").expect("Linux with System V IPC");
    let words = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    words.into_iter().find(|words| words[1] == id)?[6].parse().ok()
}
