//! # A text without an end: solved
//!
//! A field has a size, and no code may look beyond it: neither for the end of a text, nor with what was in it before.

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
    for name in names {
        // To cut it in silence would send another name than we were told.
        if name.len() > FIELD {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("'{name}' is longer than {FIELD} bytes"),
            ));
        }
        // A fresh field for each: what is not name is zero, and reveals nothing.
        let mut field = [0; FIELD];
        field[..name.len()].copy_from_slice(name.as_bytes());
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
    // No further than the field goes: a name may fill it, and its sender may have left out the zero byte.
    // (In C this is `strnlen`. The last field may be shorter, if the sender was killed.)
    let field = &bytes[start..bytes.len().min(start + FIELD)];
    let len = field.iter().position(|byte| *byte == 0).unwrap_or(FIELD.min(field.len()));
    &field[..len]
}

/// So that a mistake does not leave a process behind. Not a part of the exercise.
fn give_up_after(limit: Duration) {
    thread::spawn(move || {
        thread::sleep(limit);
        eprintln!("gave up");
        std::process::exit(3);
    });
}
