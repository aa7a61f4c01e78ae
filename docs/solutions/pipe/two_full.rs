//! # Two full pipes: solved
//!
//! Two pipes hold some 130 kB, and `cat` has a buffer as well. Beyond that the parent waits for the child and the child for
//! the parent. Larger pipes only move the point at which it happens.

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

fn main() -> io::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("child") => io::copy(&mut io::stdin(), &mut io::stdout()).map(drop),
        number => parent(number.and_then(|number| number.parse().ok()).unwrap_or(2_000_000)),
    }
}

fn parent(len: usize) -> io::Result<()> {
    give_up_after(Duration::from_secs(10));
    let mut command = Command::new(std::env::current_exe()?);
    let mut child = command.arg("child").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut to_child = child.stdin.take().ok_or_else(|| io::Error::other("no pipe"))?;
    let mut from_child = child.stdout.take().ok_or_else(|| io::Error::other("no pipe"))?;

    let message = vec![b'x'; len];
    // One thread writes, this one reads. So this one always empties the child's pipe, the child can always write, and so
    // it always reads again. `poll(2)` with pipes that do not wait (`O_NONBLOCK`) would do it in one thread.
    let writer = thread::spawn(move || {
        let sent = to_child.write_all(&message);
        drop(to_child); // the end of file, by which the child ends
        sent
    });
    let mut answer = Vec::new();
    from_child.read_to_end(&mut answer)?;
    writer.join().map_err(|_| io::Error::other("the writer failed"))??;

    child.wait()?;
    println!("sent {len}, received {}", answer.len());
    Ok(())
}

/// So that a mistake does not leave a process behind. Not a part of the exercise.
fn give_up_after(limit: Duration) {
    thread::spawn(move || {
        thread::sleep(limit);
        eprintln!("gave up: both sides wait");
        std::process::exit(3);
    });
}
