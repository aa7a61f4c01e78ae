//! Stage 3: both ways, and the end. A second pipe leads back. A process closes its write end when it has nothing more
//! to say; the other one then reads 0 bytes, the end of file. Between two frames that is a normal end; within a frame,
//! part of a message is lost.
//!
//! Missing: speed. The parent makes two `write` and two `read` calls for each message and its answer.

use std::env;
use std::error::Error;
use std::io::{self, Read, Write};
use std::process::Command;

/// The longest message.
const MAX: usize = 1 << 20;

/// Sends a message. `write_all` is the loop of stage 2.
fn send(mut pipe: impl Write, message: &[u8]) -> io::Result<()> {
    pipe.write_all(&(message.len() as u32).to_le_bytes())?;
    pipe.write_all(message)
}

// ANCHOR: stage
/// Receives a message; `None` at the end of the stream.
fn recv(mut pipe: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0; 4];
    let first = loop {
        match pipe.read(&mut header) {
            Ok(0) => return Ok(None), // between two frames: nothing is missing
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    pipe.read_exact(&mut header[first..])?; // `UnexpectedEof` within a frame
    let len = u32::from_le_bytes(header) as usize;
    if len > MAX {
        return Err(io::Error::other("no message is that long"));
    }
    let mut message = vec![0; len];
    pipe.read_exact(&mut message)?;
    Ok(Some(message))
}

fn parent() -> Result<(), Box<dyn Error>> {
    let (child_reads, mut to_child) = io::pipe()?; // `pipe2` with `O_CLOEXEC`
    let (from_child, child_writes) = io::pipe()?;
    let this = env::current_exe()?;
    // The child's ends move into the `Command`, which closes them here once the child has them. If this process kept
    // `child_writes` open, it would wait for an end of file that never comes.
    let mut child = Command::new(this).arg("child").stdin(child_reads).stdout(child_writes).spawn()?;
    for message in ["one", "two"] {
        send(&mut to_child, message.as_bytes())?;
        let answer = recv(&from_child)?.ok_or("the child is gone")?;
        println!("{message} -> {}", String::from_utf8(answer)?);
    }
    drop(to_child); // the child reads the end of file ...
    assert!(recv(&from_child)?.is_none()); // ... and ends, so this process reads it as well
    println!("the child has ended: {}", child.wait()?);
    Ok(())
}

/// Answers each message until there are no more.
fn child() -> Result<(), Box<dyn Error>> {
    let (from_parent, mut to_parent) = (io::stdin(), io::stdout());
    while let Some(message) = recv(from_parent.lock())? {
        send(&mut to_parent, &message.to_ascii_uppercase())?;
        to_parent.flush()?; // Rust's standard output keeps bytes back
    }
    Ok(())
}
// ANCHOR_END: stage

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("child") { child() } else { parent() }
}
