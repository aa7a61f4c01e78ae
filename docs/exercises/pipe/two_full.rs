//! # Two full pipes (mend, 20 minutes)
//!
//! A parent sends bytes to a child that sends everything back, as `cat` does. With 1,000 bytes it works. With 2,000,000
//! bytes it hangs (here: for ten seconds, then it gives up).
//!
//! **Goal**: `pipe_two_full 2000000` prints `sent 2000000, received 2000000`. The child stays as it is.
//!
//! Read: the book, *Pipe*, "Break it".
//! Look while it hangs: `ps -o pid,stat,wchan:20,args -C pipe_two_full`
//!
//! Run it: `cargo run -p course -- run pipe_two_full`

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

    // TODO: first all out, then all in. Who reads meanwhile?
    let message = vec![b'x'; len];
    to_child.write_all(&message)?;
    drop(to_child);
    let mut answer = Vec::new();
    from_child.read_to_end(&mut answer)?;

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
