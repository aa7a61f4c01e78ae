//! # A text without an end (mend, 15 minutes)
//!
//! A program sends names in fields of sixteen bytes. The receiver takes each as C takes a text: it begins where the field
//! begins, and it ends before the next zero byte. Two things are wrong. A name of sixteen letters has no zero byte behind
//! it. And a short name that follows a long one comes with the end of the long one.
//!
//! **Goal**: each name comes out as it went in. A name that does not fit is refused by the sender, and no field
//! contains bytes of another one, not even behind the name: the receiver may be one that must not see them.
//!
//! Read: the book, *Sharing a message definition*, "What to keep in step".
//! Try: `socket_unterminated Bartholomew Bo` and `socket_unterminated sixteen_letters_ Ann`
//!
//! Run it: `cargo run -p course -- run socket_unterminated`

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::thread;
use std::time::Duration;

/// How many bytes a name has on its way: shorter ones are filled up with zero bytes.
const FIELD: usize = 16;

fn main() -> io::Result<()> {
    give_up_after(Duration::from_secs(10));
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["send", ref names @ ..] => send(names, &mut io::stdout()),
        ["receive"] => receive(&mut io::stdin()),
        ref names => both(names),
    }
}

/// A child sends the names over a socket, which is its standard output. We receive and print them.
fn both(names: &[&str]) -> io::Result<()> {
    let (mut ours, theirs) = UnixStream::pair()?;
    let mut sender = Command::new(std::env::current_exe()?);
    sender.arg("send").args(names).stdout(OwnedFd::from(theirs));
    let mut running = sender.spawn()?;
    drop(sender);
    receive(&mut ours)?;
    if running.wait()?.success() { Ok(()) } else { Err(io::Error::other("the sender failed")) }
}

/// Sends each name in a field.
fn send(names: &[&str], to: &mut impl Write) -> io::Result<()> {
    let mut field = [0; FIELD];
    for name in names {
        // TODO: what is left in the field from before? And what if the name is longer?
        let len = name.len().min(FIELD);
        field[..len].copy_from_slice(&name.as_bytes()[..len]);
        to.write_all(&field)?;
    }
    to.flush()
}

/// Receives fields to the end, and prints the name in each.
fn receive(from: &mut impl Read) -> io::Result<()> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    for start in (0..bytes.len()).step_by(FIELD) {
        println!("{}", String::from_utf8_lossy(name_at(&bytes, start)));
    }
    Ok(())
}

/// The name in the field that begins at `start`.
fn name_at(bytes: &[u8], start: usize) -> &[u8] {
    // TODO: as `strlen` does it. How far may it look?
    let text = &bytes[start..];
    let len = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    &text[..len]
}

/// So that a mistake does not leave a process behind. Not a part of the exercise.
fn give_up_after(limit: Duration) {
    thread::spawn(move || {
        thread::sleep(limit);
        eprintln!("gave up");
        std::process::exit(3);
    });
}
