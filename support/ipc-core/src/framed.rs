//! Messages over a byte stream (pipe, FIFO, stream socket): [`Framed`] makes a link of a stream that is read and one that
//! is written.
//!
//! | file, in reading order | what it shows |
//! |---|---|
//! | `framed/frame.rs` | the whole idea: a header, the message, partial writes and reads |
//! | `framed/byte_stream.rs` | [`ByteSource`], [`ByteSink`]: the system calls below; [`Mode`]: whether a call may wait |
//! | this file | the calls above, with and without a timeout: the two halves of a link |
//! | `framed/link.rs` | [`Framed`]: the two together; their descriptors |
//! | `framed/unfinished.rs` | what may follow a frame that was not written to its end |
//! | `framed/frame_writer.rs` | faster: one system call for header and message, a copy for a short one |
//! | `framed/chunk_sizes.rs` | faster: long messages in chunks, so that both sides work at once |
//! | `framed/frame_reader.rs` | faster: one system call reads all short messages that have arrived |
//! | `framed/batch.rs` | faster: one system call writes many messages, where the caller can wait for that |
//! | `framed/in_place.rs` | faster: a long message is read into the caller's memory |
//! | `framed/pipe_size.rs` | faster: a pipe that holds several long messages |
//!
//! Each step that makes it faster says what is lost without it: a ratio of medians of 15 rounds, in which the code with
//! and without the step took turns, on a 2-CPU virtual machine that had other work as well. The two processes shared a
//! CPU, where nothing else is said, and slept while they waited. A *round trip* is a message and its answer; in a
//! *stream* one side only sends.

mod batch;
mod byte_stream;
mod chunk_sizes;
mod frame;
mod frame_reader;
mod frame_writer;
mod in_place;
mod link;
mod pipe_size;
mod unfinished;

use std::thread;
use std::time::Duration;

use crate::transport::DROP_FLUSHES_FOR;
use crate::{Deadline, Endpoint, Receiver, Result, Sender, retry_when_writable, wait_readable};
use batch::Batch;
pub use byte_stream::{ByteSink, ByteSource, Mode};
pub use chunk_sizes::ChunkSizes;
pub use frame::MAX_MESSAGE;
use frame_reader::FrameReader;
use frame_writer::FrameWriter;
pub use link::Framed;
pub use pipe_size::{PIPE_SIZE, enlarge_pipe, pipe_size};

/// The longest message that is copied rather than sent and received in two buffers: 4 KiB. At this length, copying
/// still wins by 4 %; at 64 KiB it loses by 4 % (round trips over a pipe).
const SHORT: usize = 4 << 10;

const WAITS: &str = "a blocking call waits";

/// The half of a [`Framed`] link that sends. Dropping it ends the stream, behind the batch.
#[derive(Debug)]
pub struct FramedSender<W: ByteSink> {
    sink: W,
    writer: FrameWriter,
    /// Empty while a message is partly sent by itself: the one goes ahead of the other, whichever came first.
    batch: Batch,
}

/// The half of a [`Framed`] link that receives.
#[derive(Debug)]
pub struct FramedReceiver<R> {
    source: R,
    reader: FrameReader,
}

impl<W: ByteSink> FramedSender<W> {
    /// Frames messages into `sink`.
    pub fn new(sink: W) -> Self {
        Self { sink, writer: FrameWriter::new(), batch: Batch::default() }
    }
}

impl<W: ByteSink> Drop for FramedSender<W> {
    fn drop(&mut self) {
        if !thread::panicking() {
            let _ = self.flush_timeout(DROP_FLUSHES_FOR); // as documented: a drop cannot report an error
        }
    }
}

impl<R: ByteSource> FramedReceiver<R> {
    /// Takes messages out of the frames from `source`.
    pub fn new(source: R) -> Self {
        Self { source, reader: FrameReader::new() }
    }

    /// Prepares for a life apart from the sender: see [`ByteSource::detach`].
    pub fn detach(&mut self) {
        self.source.detach();
    }
}

impl<W: ByteSink> Endpoint for FramedSender<W> {
    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }
}

impl<R> Endpoint for FramedReceiver<R> {
    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }
}

impl<W: ByteSink> Sender for FramedSender<W> {
    #[inline]
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.write_frame(message, Mode::Block).map(|sent| sent.expect(WAITS))
    }

    #[inline]
    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.write_frame(message, Mode::Try)
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        retry_when_writable(self, timeout, |sender| sender.try_send(message))
    }

    #[inline]
    fn feed(&mut self, message: &[u8]) -> Result<()> {
        if self.add_to_batch(message) {
            return Ok(());
        }
        self.feed_frame(message, Mode::Block).map(|fed| fed.expect(WAITS))
    }

    #[inline]
    fn try_feed(&mut self, message: &[u8]) -> Result<Option<()>> {
        if self.add_to_batch(message) { Ok(Some(())) } else { self.feed_frame(message, Mode::Try) }
    }

    fn feed_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        retry_when_writable(self, timeout, |sender| sender.try_feed(message))
    }

    fn flush(&mut self) -> Result<()> {
        self.write_batch(Mode::Block).map(|flushed| flushed.expect(WAITS))
    }

    #[inline]
    fn try_flush(&mut self) -> Result<Option<()>> {
        self.write_batch(Mode::Try)
    }

    fn flush_timeout(&mut self, timeout: Duration) -> Result<Option<()>> {
        retry_when_writable(self, timeout, Self::try_flush)
    }

    fn unsent(&mut self) -> usize {
        self.batch.unsent()
    }
}

impl<R: ByteSource> Receiver for FramedReceiver<R> {
    #[inline]
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.read_frame(buffer, Mode::Block).map(|len| len.expect(WAITS))
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
            wait_readable([self.source.input()], deadline.left(Duration::MAX))?;
        }
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
