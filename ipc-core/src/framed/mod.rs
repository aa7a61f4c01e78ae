//! Messages over a byte stream: each frame is a length (4 bytes, little-endian) and that many bytes.
//!
//! A pipe, a FIFO and a stream socket do not record where one write ended and the next began. The frame does. It costs
//! no extra system call: header and message are written in one call, and one call reads both.
//!
//! Copying a short message costs less than a second buffer in a system call; copying a long one costs more. So a
//! message of up to [`SHORT`] bytes is copied behind its header and written from one buffer, and read through a buffer
//! that also takes in whatever else has arrived. A longer message is written from the caller's memory (`writev`) and
//! read into the caller's memory (`readv`).
//!
//! Read on in `outgoing.rs` (how a frame is written), `inbox.rs` (how it is read) and `pipe_size.rs`.

mod inbox;
mod outgoing;
mod pipe_size;

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::{Deadline, Result, Transport, wait_readable, wait_writable};
use inbox::Inbox;
use outgoing::Outgoing;
pub use pipe_size::{PIPE_SIZE, enlarge_pipe, pipe_size};

/// The longest message that a framed stream carries: 16 MiB. A header with a greater length is rejected.
pub const MAX_MESSAGE: usize = 16 << 20;

const HEADER: usize = size_of::<u32>();

/// The longest message that is copied rather than sent and received in two buffers: 4 KiB, found by experiment.
const SHORT: usize = 4 << 10;

/// The behaviour of a call that would have to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Sleeps in the kernel until there is something to do.
    Block,
    /// Returns `EAGAIN` instead of sleeping.
    Try,
}

/// The longest part of a message that is written in one call, in bytes.
///
/// A pipe is locked while bytes are copied into it or out of it. If a long message is written in one piece, the reader
/// sees nothing until all of it is there, and then the writer waits for the reader: the two take turns. Short pieces
/// let both work at once. But each piece may wake the reader, which is a loss where both share a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pieces {
    /// The limit for a message that is the first one, or follows one that was received: the reader is probably asleep.
    pub alone: usize,
    /// The limit for a message that follows another one: the reader is probably at work.
    pub in_a_row: usize,
}

impl Pieces {
    /// No limit: as much as the kernel takes.
    pub const WHOLE: Self = Self { alone: usize::MAX, in_a_row: usize::MAX };
    /// The best sizes for pipes and FIFOs, found by experiment.
    pub const PIPE: Self = Self { alone: 64 << 10, in_a_row: 8 << 10 };
    /// The best sizes for UNIX stream sockets, found by experiment.
    pub const UNIX_STREAM: Self = Self { alone: usize::MAX, in_a_row: 32 << 10 };

    const fn longest(self, in_a_row: bool) -> usize {
        if in_a_row { self.in_a_row } else { self.alone }
    }
}

/// Two one-way streams of bytes, or one two-way stream.
pub trait ByteStream {
    /// The name of the system call behind [`read`](Self::read), for errors.
    const READ: &'static str;
    /// The name of the system call behind [`write`](Self::write), for errors.
    const WRITE: &'static str;

    /// Returns the sizes of the pieces into which long messages are cut.
    fn pieces(&self) -> Pieces;

    /// Returns the descriptor that polls readable when there is something to read.
    fn input(&self) -> BorrowedFd<'_>;

    /// Returns the descriptor that polls writable when there is room to write.
    fn output(&self) -> BorrowedFd<'_>;

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

    /// Writes the bytes, or the first part of them, and returns how many were written.
    ///
    /// # Errors
    /// The kernel's error; `EAGAIN` means "not now".
    fn write(&self, bytes: &[u8], mode: Mode) -> nix::Result<usize>;

    /// Writes as [`write`](Self::write) does, from one piece after the other.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn writev(&self, pieces: &[IoSlice<'_>], mode: Mode) -> nix::Result<usize>;
}

/// A [`Transport`] built on a [`ByteStream`] by framing.
#[derive(Debug)]
pub struct Framed<S> {
    stream: S,
    inbox: Inbox,
    outgoing: Outgoing,
}

impl<S: ByteStream> Framed<S> {
    /// Frames messages over `stream`.
    pub fn new(stream: S) -> Self {
        Self { stream, inbox: Inbox::new(), outgoing: Outgoing::new() }
    }

    /// Returns the stream under the frames.
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    #[inline]
    fn write_frame(&mut self, message: &[u8], mode: Mode) -> Result<Option<()>> {
        self.outgoing.write(&self.stream, message, mode)
    }

    #[inline]
    fn read_frame(&mut self, buffer: &mut [u8], mode: Mode) -> Result<Option<usize>> {
        let len = self.inbox.read(&self.stream, buffer, mode)?;
        if len.is_some() {
            self.outgoing.in_a_row = false;
        }
        Ok(len)
    }
}

/// Returns the descriptor of the stream, if it has a single one for both directions.
impl<S: AsFd> AsFd for Framed<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl<S: ByteStream> Transport for Framed<S> {
    #[inline]
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.write_frame(message, Mode::Block).map(|sent| sent.expect("a blocking write waits"))
    }

    #[inline]
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.read_frame(buffer, Mode::Block).map(|len| len.expect("a blocking read waits"))
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        let deadline = Deadline::after(timeout);
        loop {
            let sent = self.write_frame(message, Mode::Try)?;
            // Checked even if the stream is ready each time: a peer that moves a byte now and then must not extend the
            // timeout.
            if sent.is_some() || deadline.has_passed() {
                return Ok(sent);
            }
            wait_writable(self.stream.output(), deadline.left(Duration::MAX))?;
        }
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        let deadline = Deadline::after(timeout);
        loop {
            let len = self.read_frame(buffer, Mode::Try)?;
            if len.is_some() || deadline.has_passed() {
                return Ok(len);
            }
            wait_readable([self.stream.input()], deadline.left(Duration::MAX))?;
        }
    }

    #[inline]
    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.write_frame(message, Mode::Try)
    }

    #[inline]
    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.read_frame(buffer, Mode::Try)
    }

    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
