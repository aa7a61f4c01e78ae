//! The system calls of the scenarios that neither `nix` nor std wraps, or that return a descriptor as a bare number.
#![allow(unsafe_code)]

use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockFlag, accept4, recvmsg};

/// Takes a connection from the queue of a listening socket.
pub fn accept(listener: impl AsFd) -> nix::Result<OwnedFd> {
    accept4(listener.as_fd().as_raw_fd(), SockFlag::SOCK_CLOEXEC).map(owned)
}

/// Receives a descriptor, and the one byte that comes with it. `None` if that byte comes without one.
pub fn receive_descriptor(socket: impl AsFd) -> nix::Result<Option<OwnedFd>> {
    let mut byte = [0];
    let mut pieces = [IoSliceMut::new(&mut byte)];
    let mut control = cmsg_space!(RawFd);
    let (fd, flags) = (socket.as_fd().as_raw_fd(), MsgFlags::MSG_CMSG_CLOEXEC);
    let message = recvmsg::<()>(fd, &mut pieces, Some(&mut control), flags)?;
    Ok(message.cmsgs()?.find_map(|control| match control {
        ControlMessageOwned::ScmRights(numbers) => numbers.first().copied().map(owned),
        _ => None,
    }))
}

/// Takes over a descriptor that the kernel has just made for this process.
fn owned(number: RawFd) -> OwnedFd {
    // SAFETY: both callers have the number from a call that has just opened it, and give it to nothing else.
    unsafe { OwnedFd::from_raw_fd(number) }
}

/// Has each `recv` with `MSG_PEEK` begin where the one before it ended, or, with `None`, at the beginning again.
/// — `SO_PEEK_OFF` in [socket(7)](https://man7.org/linux/man-pages/man7/socket.7.html)
pub fn peek_from(socket: impl AsFd, offset: Option<libc::c_int>) -> nix::Result<()> {
    let value = offset.unwrap_or(-1);
    // SAFETY: the kernel reads one int, whose length is given with it.
    let answer = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEEK_OFF,
            (&raw const value).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    Errno::result(answer).map(drop)
}
