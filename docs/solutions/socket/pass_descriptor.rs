//! # A file for a stranger: solved
//!
//! Both processes then have a descriptor for one open file, as after `fork`: they share its position, which is why the
//! child goes on where the parent has stopped.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::thread;
use std::time::Duration;

use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};

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
    let descriptors = [descriptor.as_fd().as_raw_fd()];
    // One byte at least: over a stream, a control message travels with bytes, and without any it would not be sent.
    let bytes = [io::IoSlice::new(b"d")];
    let rights = [ControlMessage::ScmRights(&descriptors)];
    sendmsg::<()>(socket.as_raw_fd(), &bytes, &rights, MsgFlags::MSG_NOSIGNAL, None)?;
    // From now on it is under way. Even if we close ours, the other one will be open.
    Ok(())
}

/// Receives one.
fn receive_descriptor(socket: &UnixStream) -> io::Result<OwnedFd> {
    let mut byte = [0];
    let mut bytes = [io::IoSliceMut::new(&mut byte)];
    let mut room = nix::cmsg_space!([RawFd; 1]); // for one descriptor: the kernel closes what does not fit
    // MSG_CMSG_CLOEXEC: or a program that we start later would get it as well.
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut bytes, Some(&mut room), flags)?;
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(descriptors) = control
            && let [descriptor] = descriptors[..]
        {
            // SAFETY: the kernel has just made this descriptor for us, and nothing else knows its number.
            return Ok(unsafe { OwnedFd::from_raw_fd(descriptor) });
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "no descriptor came"))
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
