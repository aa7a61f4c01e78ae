//! Stage 2: frames. Before each message goes its length, in four bytes. Now the reader knows how many bytes to read,
//! and reads until it has them, since one `read` may return fewer.
//!
//! Missing: the end. The child knows how many messages will come only because both sides agreed on it.

use std::env;
use std::error::Error;
use std::io;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::{pipe2, read, write};

/// More than a pipe holds: it cannot arrive in one `read`.
const LONG: usize = 200_000;

// ANCHOR: stage
fn send(pipe: impl AsFd, message: &[u8]) -> nix::Result<()> {
    let header = (message.len() as u32).to_le_bytes();
    write_all(&pipe, &header)?;
    write_all(&pipe, message)
}

/// Receives a message; also returns how many calls it took.
fn recv(pipe: impl AsFd) -> Result<(Vec<u8>, u32), Box<dyn Error>> {
    let mut header = [0; 4];
    let mut calls = read_exact(&pipe, &mut header)?;
    let len = u32::from_le_bytes(header) as usize;
    if len > LONG {
        return Err("no message is that long".into()); // the length is a claim: check it before taking memory
    }
    let mut message = vec![0; len];
    calls += read_exact(&pipe, &mut message)?;
    Ok((message, calls))
}

fn write_all(pipe: impl AsFd, mut bytes: &[u8]) -> nix::Result<()> {
    while !bytes.is_empty() {
        match write(&pipe, bytes) {
            Ok(count) => bytes = &bytes[count..], // perhaps only a part: go on from there
            Err(Errno::EINTR) => {}               // a signal came first: the same again
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Fills the buffer, and returns how many calls it took.
fn read_exact(pipe: impl AsFd, mut buffer: &mut [u8]) -> Result<u32, Box<dyn Error>> {
    let mut calls = 0;
    while !buffer.is_empty() {
        match read(&pipe, buffer) {
            Ok(0) => return Err("the stream ended".into()),
            Ok(count) => buffer = &mut buffer[count..],
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        calls += 1;
    }
    Ok(calls)
}
// ANCHOR_END: stage

fn parent() -> Result<(), Box<dyn Error>> {
    let (read_end, write_end) = pipe2(OFlag::O_CLOEXEC)?;
    let mut child = Command::new(env::current_exe()?).arg("child").stdin(Stdio::from(read_end)).spawn()?;
    for message in [b"one".to_vec(), b"two".to_vec(), vec![b'x'; LONG]] {
        send(&write_end, &message)?;
    }
    child.wait()?;
    Ok(())
}

fn child() -> Result<(), Box<dyn Error>> {
    let stdin = io::stdin();
    for number in 1..=3 {
        let (message, calls) = recv(&stdin)?;
        println!("message {number}: {} bytes in {calls} reads", message.len());
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("child") { child() } else { parent() }
}
