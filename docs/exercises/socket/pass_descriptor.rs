//! # A file for a stranger (write, 30 minutes)
//!
//! A process opens a file, reads one line, and hands the open file to a child, which reads the next line. The child is
//! there already when the file is opened, so it cannot inherit it. It does not know the path. All it has is a socket.
//!
//! A descriptor is a number, and the number means nothing in another process. So it is not sent as bytes, but beside them:
//! as a *control message* of the type `SCM_RIGHTS`. The kernel then gives the receiver a descriptor of its own for the same
//! open file.
//!
//! **Goal**: write `send_descriptor` and `receive_descriptor`. The crate `nix` has `sendmsg` and `recvmsg`, and for the
//! control messages `ControlMessage::ScmRights`, `ControlMessageOwned::ScmRights` and `cmsg_space!`.
//!
//! Read: `man 7 unix` (SCM_RIGHTS), `man 3 cmsg`; the book, *Processes* (descriptors).
//! Try: `socket_pass_descriptor /etc/passwd`
//!
//! Run it: `cargo run -p course -- run socket_pass_descriptor`

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::thread;
use std::time::Duration;

fn main() -> io::Result<()> {
    give_up_after(Duration::from_secs(10));
    match std::env::args().nth(1) {
        Some(path) => parent(&path),
        None => child(),
    }
}

/// Opens the file, reads its first line, and hands it over to a child that knows nothing but a socket.
fn parent(path: &str) -> io::Result<()> {
    let (ours, theirs) = UnixStream::pair()?;
    let mut child = Command::new(std::env::current_exe()?);
    child.stdin(OwnedFd::from(theirs)).env_clear();
    let mut running = child.spawn()?;
    drop(child);

    // Opened only now: the child cannot have inherited it.
    let mut file = File::open(path)?;
    println!("parent reads: {}", line(&mut file)?);
    send_descriptor(&ours, &file)?;
    drop((ours, file));
    if running.wait()?.success() { Ok(()) } else { Err(io::Error::other("the child failed")) }
}

/// Receives a descriptor, and reads the next line from it.
fn child() -> io::Result<()> {
    // Standard input is our end of the connection.
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut file = File::from(receive_descriptor(&socket)?);
    println!("child reads: {}", line(&mut file)?);
    Ok(())
}

/// Sends a descriptor over a Unix socket.
fn send_descriptor(socket: &UnixStream, descriptor: &impl AsFd) -> io::Result<()> {
    let _borrowed: BorrowedFd<'_> = descriptor.as_fd();
    // TODO
    todo!("send {_borrowed:?} over {socket:?}")
}

/// Receives one.
fn receive_descriptor(socket: &UnixStream) -> io::Result<OwnedFd> {
    // TODO
    todo!("receive from {socket:?}")
}

/// The next line. Byte by byte: a buffer would take more from the file than the line.
#[expect(clippy::unbuffered_bytes, reason = "what is read too much is missing in the other process")]
fn line(file: &mut File) -> io::Result<String> {
    let mut line = Vec::new();
    for byte in file.bytes() {
        match byte? {
            b'\n' => break,
            byte => line.push(byte),
        }
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// So that a mistake does not leave a process behind. Not a part of the exercise.
fn give_up_after(limit: Duration) {
    thread::spawn(move || {
        thread::sleep(limit);
        eprintln!("gave up");
        std::process::exit(3);
    });
}
