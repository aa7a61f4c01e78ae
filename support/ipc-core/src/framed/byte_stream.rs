//! The calls that a stream offers to the frames above it.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::BorrowedFd;

use super::ChunkSizes;

/// The behaviour of a call that would have to wait.
///
/// It is chosen for each call, since one link is used both ways: `send` sleeps, `try_send` returns. A socket has a flag
/// for one call. A pipe has `O_NONBLOCK`, which is that of the open file: it holds for all calls and for every process
/// that shares the end. It is switched only where the mode changes; switching it on and off around each call (`fcntl`)
/// makes a look into an empty pipe take 2.0 times as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Sleeps in the kernel until there is something to do.
    Block,
    /// Returns `EAGAIN` instead of sleeping.
    Try,
}

/// The end of a byte stream that is read.
pub trait ByteSource {
    /// The name of the system call behind [`read`](Self::read), for errors.
    const READ: &'static str;

    /// Returns the descriptor that polls readable when there is something to read.
    fn input(&self) -> BorrowedFd<'_>;

    /// Reads the available bytes into `buffer`; returns 0 at the end of the stream.
    ///
    /// # Errors
    /// The kernel's error; `EAGAIN` means "not now".
    fn read(&self, buffer: &mut [u8], mode: Mode) -> nix::Result<usize>;

    /// Reads as [`read`](Self::read) does, into one buffer after the other.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn readv(&self, buffers: &mut [IoSliceMut<'_>], mode: Mode) -> nix::Result<usize>;

    /// Prepares for a life apart from the end that is written, when a link is split: the [descriptor](Self::input)
    /// should then be one of its own.
    fn detach(&mut self) {}
}

/// The end of a byte stream that is written. Dropping it ends the stream, whatever becomes of a stream the other way.
pub trait ByteSink {
    /// The name of the system call behind [`write`](Self::write), for errors.
    const WRITE: &'static str;

    /// Returns the sizes of the chunks in which long messages are written.
    fn chunk_sizes(&self) -> ChunkSizes;

    /// Returns the descriptor that polls writable when there is room to write.
    fn output(&self) -> BorrowedFd<'_>;

    /// Writes the bytes, or the first part of them, and returns how many were written.
    ///
    /// # Errors
    /// The kernel's error; `EAGAIN` means "not now".
    fn write(&self, bytes: &[u8], mode: Mode) -> nix::Result<usize>;

    /// Writes as [`write`](Self::write) does, from one buffer after the other.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn writev(&self, buffers: &[IoSlice<'_>], mode: Mode) -> nix::Result<usize>;
}
