//! Stage 1: bytes. Two writes arrive as one read, and one write as two reads: a pipe does not keep messages apart.
//!
//! Missing: a mark where each message ends.

use std::env;
use std::error::Error;
use std::io;
use std::process::{Command, Stdio};

use nix::fcntl::OFlag;
use nix::unistd::{pipe2, read, write};

// ANCHOR: stage
fn parent() -> Result<(), Box<dyn Error>> {
    let (read_end, write_end) = pipe2(OFlag::O_CLOEXEC)?;
    // Both are in the pipe before the child begins, so that the outcome is always the same.
    write(&write_end, b"one")?;
    write(&write_end, b"two")?;
    let mut child = Command::new(env::current_exe()?).arg("child").stdin(Stdio::from(read_end)).spawn()?;
    child.wait()?;
    Ok(())
}

fn child() -> Result<(), Box<dyn Error>> {
    let stdin = io::stdin();
    let mut buffer = [0; 4];
    for _ in 0..2 {
        let len = read(&stdin, &mut buffer)?;
        println!("the child read {len} bytes: {}", str::from_utf8(&buffer[..len])?);
    }
    Ok(())
}
// ANCHOR_END: stage

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("child") { child() } else { parent() }
}
