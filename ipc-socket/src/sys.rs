//! The one system call that neither `nix` nor std wraps.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::libc;

/// Returns the bytes sent on this TCP socket that the other host has not acknowledged yet; the end of the stream
/// counts.
///
/// `int ioctl(int fd, SIOCOUTQ, int *value);` — [tcp(7)](https://man7.org/linux/man-pages/man7/tcp.7.html)
#[doc(alias = "SIOCOUTQ")]
pub(crate) fn unacknowledged(socket: impl AsFd) -> nix::Result<usize> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the descriptor is open for the length of the borrow, and this request (TIOCOUTQ is SIOCOUTQ's other
    // name) writes one int, for which `bytes` has room.
    let answer = unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    Errno::result(answer)?;
    Ok(bytes as usize)
}
