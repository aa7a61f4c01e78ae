//! The calls of the half that sends, with and without a timeout.

use std::thread;
use std::time::Duration;

use super::batch::Batch;
use super::frame_writer::FrameWriter;
use super::{ByteSink, MAX_MESSAGE, Mode, WAITS};
use crate::transport::DROP_FLUSHES_FOR;
use crate::{Endpoint, Result, Sender, retry_when_writable};

/// The half of a [`Framed`](super::Framed) link that sends. Dropping it ends the stream, behind the batch.
#[derive(Debug)]
pub struct FramedSender<W: ByteSink> {
    pub(super) sink: W,
    pub(super) writer: FrameWriter,
    /// Empty while a message is partly sent by itself: the one goes ahead of the other, whichever came first.
    pub(super) batch: Batch,
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

impl<W: ByteSink> Endpoint for FramedSender<W> {
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
