//! The two system calls that `nix` does not wrap. The only file of the crate with `unsafe`.
#![allow(unsafe_code)]

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;

/// The current file position: the only offset that a pipe accepts.
const CURRENT: libc::off_t = -1;

/// `ssize_t preadv2(int fd, const struct iovec *iov, int iovcnt, off_t offset, int flags);` —
/// [preadv2(2)](https://man7.org/linux/man-pages/man2/preadv2.2.html).
///
/// With `RWF_NOWAIT`, this one call fails with `EAGAIN` instead of waiting. `O_NONBLOCK` could not do that: it is a
/// property of the open file description, for every call and for every process that shares it.
pub(crate) fn preadv2_nowait(fd: impl AsFd, buffers: &mut [IoSliceMut<'_>]) -> nix::Result<usize> {
    let (fd, count) = (fd.as_fd().as_raw_fd(), buffers.len() as libc::c_int);
    // SAFETY: `IoSliceMut` is promised to have the layout of `iovec`; the buffers stay exclusively borrowed until the
    // call returns.
    let read = unsafe { libc::preadv2(fd, buffers.as_ptr().cast(), count, CURRENT, libc::RWF_NOWAIT) };
    Errno::result(read).map(|read| read as usize)
}

/// `ssize_t pwritev2(int fd, const struct iovec *iov, int iovcnt, off_t offset, int flags);` —
/// [pwritev2(2)](https://man7.org/linux/man-pages/man2/pwritev2.2.html).
pub(crate) fn pwritev2_nowait(fd: impl AsFd, pieces: &[IoSlice<'_>]) -> nix::Result<usize> {
    let (fd, count) = (fd.as_fd().as_raw_fd(), pieces.len() as libc::c_int);
    // SAFETY: `IoSlice` is promised to have the layout of `iovec`; the pieces stay borrowed until the call returns.
    let written = unsafe { libc::pwritev2(fd, pieces.as_ptr().cast(), count, CURRENT, libc::RWF_NOWAIT) };
    Errno::result(written).map(|written| written as usize)
}
