//! # A read that is too short: solved
//!
//! `read` returns what is there, at least one byte, and that is no error. A reader that wants so many bytes has to read
//! until they have come: `read_exact` does that. But it cannot tell an end between two messages from one within: so the
//! first read of a message stays a plain one.

use std::io::{self, Error, ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::thread;
use std::time::Duration;

/// The longest message. A receiver must not believe every length.
const LONGEST: usize = 1000;

fn main() -> io::Result<()> {
    give_up_after(Duration::from_secs(20));
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["receive"] => messages(&mut UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?)),
        ["client", piece, cut] => client(piece.parse().expect("a number"), cut.parse().expect("a number")),
        [piece, cut] => server(piece, cut),
        _ => server("7", "0"),
    }
}

/// Receives messages until the client ends, and prints them.
fn server(piece: &str, cut: &str) -> io::Result<()> {
    let (mut ours, theirs) = UnixStream::pair()?;
    let mut client = Command::new(std::env::current_exe()?);
    client.args(["client", piece, cut]).stdin(OwnedFd::from(theirs));
    let mut running = client.spawn()?;
    drop(client); // and with it our copy of the client's end
    messages(&mut ours)?;
    running.wait()?;
    Ok(())
}

fn messages(stream: &mut UnixStream) -> io::Result<()> {
    while let Some(message) = receive(stream)? {
        println!("{}", String::from_utf8_lossy(&message));
    }
    Ok(())
}

/// The next message; nothing if the client has ended.
fn receive(stream: &mut UnixStream) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    // 0 bytes here is the end between two messages, where it belongs.
    let first = stream.read(&mut length)?;
    if first == 0 {
        return Ok(None);
    }
    // From now on an end is an error: `read_exact` says UnexpectedEof. It also goes on after EINTR.
    stream.read_exact(&mut length[first..])?;
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST {
        return Err(Error::new(ErrorKind::InvalidData, format!("a message of {length} bytes")));
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message)?;
    Ok(Some(message))
}

/// Sends ten messages, each with its length in front, in pieces of `piece` bytes; the last `cut` bytes are kept back.
/// Nothing is wrong with that: to a stream it is all the same.
fn client(piece: usize, cut: usize) -> io::Result<()> {
    // Standard input is our end of the connection.
    let mut stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut bytes = Vec::new();
    for number in 1..=10 {
        let message = format!("message {number}: {}", "abc".repeat(number));
        bytes.extend((message.len() as u32).to_le_bytes());
        bytes.extend(message.as_bytes());
    }
    bytes.truncate(bytes.len() - cut);
    for piece in bytes.chunks(piece) {
        stream.write_all(piece)?;
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// So that a mistake does not leave a process behind. Not a part of the exercise.
fn give_up_after(limit: Duration) {
    thread::spawn(move || {
        thread::sleep(limit);
        eprintln!("gave up");
        std::process::exit(3);
    });
}
