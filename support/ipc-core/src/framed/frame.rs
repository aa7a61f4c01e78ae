//! The frame: a header, which is the length of the message in 4 bytes (little-endian), and then the message.
//!
//! The header is four bytes, but may cost a page: a pipe holds pages, and keeps one or two empty ones for the next
//! message; any more are allocated. In bare C on one CPU, a round trip takes 1.46 times as long with 8,192 + 4 bytes as
//! with 8,192, and 1.15 times with 16,384 + 4; 16,380 + 4 take as long as 16,380.
//!
//! A byte stream does not record where one write ended and the next began. A write may take only the first part of a
//! frame, and a read may return part of a frame or several frames, so both are repeated until one frame is complete.
//! `FrameWriter` and `FrameReader` remember how far it is, so that a call that must not wait can stop anywhere.

use std::io::IoSlice;
use std::ops::ControlFlow;

use nix::errno::Errno;

use super::frame_reader::{FrameReader, read_some};
use super::frame_writer::Part;
use super::{ByteSink, ByteSource, FramedReceiver, FramedSender, Mode, SHORT};
use crate::{Error, Result};

/// The longest message that a framed stream carries: 16 MiB. A header with a greater length is rejected.
pub const MAX_MESSAGE: usize = 16 << 20;

/// The length of the header, in bytes.
pub(super) const HEADER: usize = size_of::<u32>();

impl<W: ByteSink> FramedSender<W> {
    /// Writes `message` in a frame, or the rest of it; `None` means "not now".
    #[inline]
    pub(super) fn write_frame(&mut self, message: &[u8], mode: Mode) -> Result<Option<()>> {
        self.writer.begin(message)?;
        let Some(()) = self.write_batch(mode)? else { return Ok(None) };
        let Self { sink, writer, .. } = self;
        while writer.written() < HEADER + message.len() {
            let written = match writer.next_part(message, sink.chunk_sizes()) {
                Part::One(bytes) => sink.write(bytes, mode),
                Part::Two(header, chunk) => sink.writev(&[IoSlice::new(header), IoSlice::new(chunk)], mode),
            };
            match written {
                Ok(count) => writer.advance(count, message), // maybe not all of it: go on from there
                Err(Errno::EINTR) => {}                      // a signal came first: the same again
                Err(Errno::EAGAIN) if mode == Mode::Try => return Ok(None),
                Err(errno) => return writer.fail(message, errno, W::WRITE),
            }
        }
        writer.finish();
        Ok(Some(()))
    }
}

impl<R: ByteSource> FramedReceiver<R> {
    /// Reads the next message into `buffer` and returns its length; `None` means "not now".
    #[inline]
    pub(super) fn read_frame(&mut self, buffer: &mut [u8], mode: Mode) -> Result<Option<usize>> {
        match self.reader.take(buffer) {
            Some(len) => Ok(Some(len)),
            None => self.reader.read(&self.source, buffer, mode),
        }
    }
}

impl FrameReader {
    fn read<S: ByteSource>(&mut self, stream: &S, buffer: &mut [u8], mode: Mode) -> Result<Option<usize>> {
        if self.waiting().is_empty()
            && buffer.len() > SHORT
            && let ControlFlow::Break(answer) = self.read_in_place(stream, buffer, mode)?
        {
            return Ok(answer); // the faster way of a long message
        }
        if !self.fill(HEADER, stream, mode)? {
            return Ok(None);
        }
        // The length is the peer's claim, not a fact: it is checked before any memory is taken for it.
        let len = self.message_len();
        if len > MAX_MESSAGE {
            return Err(Error::Corrupt("a frame longer than any message can be"));
        }
        if len > buffer.len() {
            return Err(Error::BufferTooSmall { needed: len }); // the frame is kept for the next call
        }
        if len > SHORT && mode == Mode::Block {
            return self.finish_in_place(stream, &mut buffer[..len]).map(Some); // likewise
        }
        if !self.fill(HEADER + len, stream, mode)? {
            return Ok(None);
        }
        buffer[..len].copy_from_slice(&self.waiting()[HEADER..][..len]);
        self.remove(HEADER + len);
        Ok(Some(len))
    }

    /// Reads until `bytes` are waiting, if they can come in time; `false` means "not now".
    #[inline]
    fn fill<S: ByteSource>(&mut self, bytes: usize, stream: &S, mode: Mode) -> Result<bool> {
        while self.waiting().len() < bytes {
            let (within_frame, room) = (!self.waiting().is_empty(), self.room(bytes));
            match read_some::<S>(mode, within_frame, || stream.read(room, mode))? {
                Some(count) => self.add(count), // maybe not enough, maybe the next frames as well
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}
