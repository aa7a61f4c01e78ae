//! Stage 4: fewer system calls. Header and message leave in one `write`, and one `read` takes in whatever has arrived,
//! often many frames. Stage 3 would need 400 writes and 400 reads for these messages.
//!
//! Missing: long messages without a copy, calls that must not wait, and reading on after an error. The frames of
//! `ipc-core` have that: `support/ipc-core/src/framed/frame.rs`.

use std::env;
use std::error::Error;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::process::Command;

/// All of them fit the smallest pipe, of one page.
const MESSAGES: usize = 200;
const HEADER: usize = 4;
/// The longest message.
const MAX: usize = 1 << 20;

// ANCHOR: stage
/// Sends a message: copies it behind its header, which for a short one costs less than a second system call.
fn send(mut pipe: impl Write, message: &[u8]) -> io::Result<()> {
    let mut frame = Vec::with_capacity(HEADER + message.len());
    frame.extend((message.len() as u32).to_le_bytes());
    frame.extend(message);
    pipe.write_all(&frame)
}

/// The read end, and what was read ahead.
struct Reader<P> {
    pipe: P,
    /// The bytes that were read but not yet returned.
    waiting: Vec<u8>,
    /// The number of system calls.
    calls: usize,
}

impl<P: Read> Reader<P> {
    /// Receives a message; `None` at the end of the stream.
    fn recv(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.waiting.is_empty() && self.read_more()? == 0 {
            return Ok(None);
        }
        self.fill(HEADER)?;
        let len = u32::from_le_bytes(self.waiting[..HEADER].try_into().expect("4 bytes")) as usize;
        if len > MAX {
            return Err(io::Error::other("no message is that long"));
        }
        self.fill(HEADER + len)?;
        Ok(Some(self.waiting.drain(..HEADER + len).skip(HEADER).collect()))
    }

    /// Reads until at least `bytes` are waiting: often they are already.
    fn fill(&mut self, bytes: usize) -> io::Result<()> {
        while self.waiting.len() < bytes {
            if self.read_more()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    /// Reads whatever has arrived, and returns how many bytes that was.
    fn read_more(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 4096];
        self.calls += 1;
        let count = self.pipe.read(&mut buffer)?;
        self.waiting.extend(&buffer[..count]);
        Ok(count)
    }
}
// ANCHOR_END: stage

fn parent() -> Result<(), Box<dyn Error>> {
    let (read_end, mut write_end) = io::pipe()?;
    // All are in the pipe before the child begins, so that the count is always the same.
    for _ in 0..MESSAGES {
        send(&mut write_end, b"sixteen letters.")?;
    }
    drop(write_end);
    println!("the parent sent {MESSAGES} messages in {MESSAGES} writes");
    Command::new(env::current_exe()?).arg("child").stdin(read_end).spawn()?.wait()?;
    Ok(())
}

fn child() -> Result<(), Box<dyn Error>> {
    let pipe = io::PipeReader::from(io::stdin().as_fd().try_clone_to_owned()?); // without the buffer of `stdin`
    let mut reader = Reader { pipe, waiting: Vec::new(), calls: 0 };
    let mut messages = 0;
    while reader.recv()?.is_some() {
        messages += 1;
    }
    println!(
        "the child received {messages} messages in {} reads, the last of which found the end",
        reader.calls
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("child") { child() } else { parent() }
}
