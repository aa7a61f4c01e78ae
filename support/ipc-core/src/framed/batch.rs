//! A batch: many short frames, gathered in one block and written by one system call.
//!
//! Copying a short message costs a few nanoseconds, a system call hundreds: a block of many frames shares one call among
//! them, and so does the reader, which takes the block in by one call as well. Handing the kernel many short buffers by
//! one `writev` would save the same calls, but not the work that it does for each buffer.

use nix::errno::Errno;

use super::frame::HEADER;
use super::{ByteSink, FramedSender, Mode, SHORT};
use crate::{Call, Error, Result};

/// Whole frames that are still to be written.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Takes no memory before the first message is fed.
    frames: Vec<u8>,
    /// The number of bytes at the front that are already written.
    written: usize,
}

impl Batch {
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Adds a frame if there is room for it.
    #[inline]
    fn add(&mut self, message: &[u8]) -> bool {
        if HEADER + message.len() > self.frames.capacity() - self.frames.len() {
            return false;
        }
        self.frames.extend_from_slice(&(message.len() as u32).to_le_bytes());
        self.frames.extend_from_slice(message);
        true
    }

    /// Returns the bytes that are still to be written.
    fn rest(&self) -> &[u8] {
        &self.frames[self.written..]
    }

    /// Records that `count` more bytes have been written.
    fn advance(&mut self, count: usize) {
        self.written += count;
        if self.written == self.frames.len() {
            self.frames.clear();
            self.written = 0;
        }
    }

    /// Returns the number of messages whose frames are not wholly written.
    pub(super) fn unsent(&self) -> usize {
        let mut frames = &self.frames[..];
        let (mut start, mut unsent) = (0, 0);
        while let Some((len, rest)) = frames.split_first_chunk() {
            let len = u32::from_le_bytes(*len) as usize;
            start += HEADER + len;
            unsent += usize::from(start > self.written);
            frames = &rest[len..];
        }
        unsent
    }
}

impl<W: ByteSink> FramedSender<W> {
    /// Adds a frame to the batch if nothing needs to be written for that.
    #[inline]
    pub(super) fn add_to_batch(&mut self, message: &[u8]) -> bool {
        message.len() <= SHORT && self.writer.under_way.is_none() && self.batch.add(message)
    }

    /// Makes room in the batch for a frame that does not fit; a long message goes out behind the batch, without a copy.
    /// `None` means "not now".
    #[cold]
    pub(super) fn feed_frame(&mut self, message: &[u8], mode: Mode) -> Result<Option<()>> {
        let block = self.sink.chunk_sizes().batch;
        if message.len() > SHORT.min(block - HEADER) || self.writer.under_way.is_some() {
            return self.write_frame(message, mode);
        }
        let Some(()) = self.write_batch(mode)? else { return Ok(None) };
        self.batch.frames.reserve_exact(block); // at the first message only
        let added = self.batch.add(message);
        debug_assert!(added, "an empty batch has room for {} bytes", message.len());
        Ok(Some(()))
    }

    /// Writes the batch, or the rest of it; `None` means "not now". After an error, the rest is kept.
    #[inline]
    pub(super) fn write_batch(&mut self, mode: Mode) -> Result<Option<()>> {
        if self.batch.is_empty() { Ok(Some(())) } else { self.write_frames(mode) }
    }

    fn write_frames(&mut self, mode: Mode) -> Result<Option<()>> {
        while !self.batch.is_empty() {
            match self.sink.write(self.batch.rest(), mode) {
                Ok(count) => self.batch.advance(count),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) if mode == Mode::Try => return Ok(None),
                Err(Errno::EPIPE | Errno::ECONNRESET) => return Err(Error::Disconnected),
                Err(errno) => return Err(errno).call(W::WRITE),
            }
        }
        self.writer.in_a_row = true;
        Ok(Some(()))
    }
}

#[cfg(test)]
mod tests;
