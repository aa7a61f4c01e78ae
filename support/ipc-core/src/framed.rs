//! Messages over a byte stream (pipe, FIFO, stream socket): [`Framed`] makes a [`Transport`] of a [`ByteStream`].
//!
//! | file, in reading order | what it shows |
//! |---|---|
//! | `framed/frame.rs` | the whole idea: a header, the message, partial writes and reads |
//! | `framed/byte_stream.rs` | [`ByteStream`]: the system calls below; [`Mode`]: whether a call may wait |
//! | this file | the calls above, with and without a timeout |
//! | `framed/unfinished.rs` | what may follow a frame that was not written to its end |
//! | `framed/frame_writer.rs` | faster: one system call for header and message, a copy for a short one |
//! | `framed/chunk_sizes.rs` | faster: long messages in chunks, so that both sides work at once |
//! | `framed/frame_reader.rs` | faster: one system call reads all short messages that have arrived |
//! | `framed/in_place.rs` | faster: a long message is read into the caller's memory |
//! | `framed/pipe_size.rs` | faster: a pipe that holds several long messages |
//!
//! Each step that makes it faster says what is lost without it: a ratio of medians of 15 rounds, in which the code with
//! and without the step took turns, on a 2-CPU virtual machine that had other work as well. The two processes shared a
//! CPU, where nothing else is said, and slept while they waited. A *round trip* is a message and its answer; in a
//! *stream* one side only sends.

mod byte_stream;
mod chunk_sizes;
mod frame;
mod frame_reader;
mod frame_writer;
mod in_place;
mod pipe_size;
mod unfinished;

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::{Deadline, Endpoint, Receiver, Result, Sender, wait_readable, wait_writable};
pub use byte_stream::{ByteStream, Mode};
pub use chunk_sizes::ChunkSizes;
pub use frame::MAX_MESSAGE;
use frame_reader::FrameReader;
use frame_writer::FrameWriter;
pub use pipe_size::{PIPE_SIZE, enlarge_pipe, pipe_size};

/// The longest message that is copied rather than sent and received in two buffers: 4 KiB. At this length, copying
/// still wins by 4 %; at 64 KiB it loses by 4 % (round trips over a pipe).
const SHORT: usize = 4 << 10;

/// A [`Transport`] built on a [`ByteStream`] by framing.
#[derive(Debug)]
pub struct Framed<S> {
    stream: S,
    writer: FrameWriter,
    reader: FrameReader,
}

impl<S: ByteStream> Framed<S> {
    /// Frames messages over `stream`.
    pub fn new(stream: S) -> Self {
        Self { stream, writer: FrameWriter::new(), reader: FrameReader::new() }
    }

    /// Returns the stream under the frames.
    pub const fn stream(&self) -> &S {
        &self.stream
    }
}

impl<S: ByteStream> Endpoint for Framed<S> {
    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }
}

impl<S: ByteStream> Sender for Framed<S> {
    #[inline]
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.write_frame(message, Mode::Block).map(|sent| sent.expect("a blocking write waits"))
    }

    #[inline]
    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.write_frame(message, Mode::Try)
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
}

impl<S: ByteStream> Receiver for Framed<S> {
    #[inline]
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.read_frame(buffer, Mode::Block).map(|len| len.expect("a blocking read waits"))
    }

    #[inline]
    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.read_frame(buffer, Mode::Try)
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
}

/// Returns the descriptor of the stream, if it has a single one for both directions.
impl<S: AsFd> AsFd for Framed<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
