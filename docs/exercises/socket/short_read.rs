//! # A read that is too short (mend, 20 minutes)
//!
//! A client sends ten messages over a stream, each with its length in front. The server reads a length, and then so many
//! bytes. It works as long as all bytes of a message are there when it looks. They need not be: bytes sent in one
//! piece may come in several, and what was sent in several may come in one.
//!
//! **Goal**: all ten messages are printed whole, in whatever pieces they come. A client that ends in the middle of a
//! message is an error, and one that ends behind a message is not.
//!
//! Read: the book, *Socket*, "The kernel's view" (what one read returns) and "The code: to talk".
//! Try: `socket_short_read 1000 0` sends all in one piece, `socket_short_read 1 0` byte by byte, and
//! `socket_short_read 7 3` ends three bytes early.
//!
//! Run it: `cargo run -p course -- run socket_short_read`

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
    // TODO: what if fewer bytes come than were asked for?
    let mut length = [0; 4];
    if stream.read(&mut length)? == 0 {
        return Ok(None);
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST {
        return Err(Error::new(ErrorKind::InvalidData, format!("a message of {length} bytes")));
    }
    let mut message = vec![0; length];
    let received = stream.read(&mut message)?;
    message.truncate(received);
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
