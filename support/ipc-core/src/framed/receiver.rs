//! The calls of the half that receives, with and without a timeout.

use std::time::Duration;

use super::frame_reader::FrameReader;
use super::{ByteSource, MAX_MESSAGE, Mode, WAITS};
use crate::{Deadline, Endpoint, Receiver, Result, wait_readable};

/// The half of a [`Framed`](super::Framed) link that receives.
#[derive(Debug)]
pub struct FramedReceiver<R> {
    pub(super) source: R,
    pub(super) reader: FrameReader,
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

impl<R> Endpoint for FramedReceiver<R> {
    fn max_message(&self) -> usize {
        MAX_MESSAGE
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
