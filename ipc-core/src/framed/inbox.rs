//! Reading frames.

use std::io::IoSliceMut;

use nix::errno::Errno;

use super::{ByteStream, HEADER, MAX_MESSAGE, Mode, SHORT};
use crate::error::Call;
use crate::{Error, Result};

/// The most bytes that are read ahead: the default capacity of a pipe.
const READ_AHEAD: usize = 64 << 10;

/// Bytes that were read but not yet returned to the caller.
#[derive(Debug)]
pub(super) struct Inbox {
    /// The waiting bytes are `bytes[start..end]`. At least [`READ_AHEAD`] long, plus one header.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; HEADER + READ_AHEAD], start: 0, end: 0 }
    }

    #[cfg(test)]
    pub(super) const fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Reads the next message into `buffer` and returns its length; `None` means "not now".
    #[inline]
    pub(super) fn read<S: ByteStream>(
        &mut self,
        stream: &S,
        buffer: &mut [u8],
        mode: Mode,
    ) -> Result<Option<usize>> {
        if self.waiting() == 0 && buffer.len() > SHORT {
            return self.read_straight(stream, buffer, mode);
        }
        while self.waiting() < HEADER {
            if self.read_ahead(stream, mode)?.is_none() {
                return Ok(None);
            }
        }
        self.read_through(stream, buffer, mode)
    }

    /// Reads the next message straight into `buffer`. Surplus bytes go to the inbox.
    fn read_straight<S: ByteStream>(
        &mut self,
        stream: &S,
        buffer: &mut [u8],
        mode: Mode,
    ) -> Result<Option<usize>> {
        let mut header = [0; HEADER];
        let room = buffer.len().min(READ_AHEAD);
        let mut pieces = [IoSliceMut::new(&mut header), IoSliceMut::new(&mut buffer[..room])];
        let between = Place::BetweenFrames;
        let Some(read) = retry::<S>(mode, between, || stream.readv(&mut pieces, mode))? else {
            return Ok(None);
        };
        let arrived = read.saturating_sub(HEADER);
        let len = u32::from_le_bytes(header) as usize;
        if read >= HEADER && len <= buffer.len().min(MAX_MESSAGE) {
            if len <= arrived {
                self.keep(&buffer[len..arrived]);
                return Ok(Some(len));
            }
            if mode == Mode::Block {
                self.read_rest(stream, &mut buffer[..len], arrived)?;
                return Ok(Some(len));
            }
        }
        self.keep(&header[..read.min(HEADER)]);
        self.keep(&buffer[..arrived]);
        if read < HEADER { self.read(stream, buffer, mode) } else { self.read_through(stream, buffer, mode) }
    }

    /// Returns the message whose header is in the inbox, and reads the missing part of it.
    #[inline]
    fn read_through<S: ByteStream>(
        &mut self,
        stream: &S,
        buffer: &mut [u8],
        mode: Mode,
    ) -> Result<Option<usize>> {
        let header = &self.bytes[self.start..][..HEADER];
        let len = u32::from_le_bytes(header.try_into().expect("a header has 4 bytes")) as usize;
        if len > MAX_MESSAGE {
            return Err(Error::Corrupt("a frame longer than any message can be"));
        }
        if len > buffer.len() {
            return Err(Error::BufferTooSmall { needed: len }); // still in the inbox: kept
        }
        // A call that may wait reads the rest of a long message straight to its destination. One that may not has to
        // keep the partial message. A message may claim memory of ours only now that the caller has shown room for it.
        if len <= SHORT || mode == Mode::Try {
            self.make_room(HEADER + len);
            while self.waiting() < HEADER + len {
                if self.read_ahead(stream, mode)?.is_none() {
                    return Ok(None);
                }
            }
        }
        let arrived = len.min(self.waiting() - HEADER);
        buffer[..arrived].copy_from_slice(&self.bytes[self.start + HEADER..][..arrived]);
        if arrived < len {
            self.read_rest(stream, &mut buffer[..len], arrived)?;
        } else {
            self.start += HEADER + len;
        }
        Ok(Some(len))
    }

    #[inline]
    const fn waiting(&self) -> usize {
        self.end - self.start
    }

    /// Adds bytes, for which there is room: the inbox never keeps more than one header plus [`READ_AHEAD`] bytes, or
    /// one frame.
    fn keep(&mut self, bytes: &[u8]) {
        if self.waiting() == 0 {
            (self.start, self.end) = (0, 0);
        }
        self.bytes[self.end..][..bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }

    /// Makes room for a frame of `frame` bytes, header included, behind `start`.
    #[inline]
    fn make_room(&mut self, frame: usize) {
        if self.start + frame > self.bytes.len() {
            self.move_to_front(frame);
        }
    }

    #[cold]
    fn move_to_front(&mut self, frame: usize) {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if frame > self.bytes.len() {
            self.bytes.resize(frame, 0);
        }
    }

    /// Reads once into the inbox, whatever is available.
    #[inline]
    fn read_ahead<S: ByteStream>(&mut self, stream: &S, mode: Mode) -> Result<Option<()>> {
        if self.waiting() == 0 {
            (self.start, self.end) = (0, 0);
        }
        self.make_room(HEADER);
        let place = if self.waiting() == 0 { Place::BetweenFrames } else { Place::WithinFrame };
        let room = &mut self.bytes[self.end..];
        let read = retry::<S>(mode, place, || stream.read(room, mode))?;
        self.end += read.unwrap_or(0);
        Ok(read.map(drop))
    }

    /// Reads the rest of a message straight to its destination, waiting for it. If a read fails, the part that has
    /// `arrived` by then is kept for the next call, together with its header: the inbox is otherwise empty then.
    #[cold]
    fn read_rest<S: ByteStream>(&mut self, stream: &S, message: &mut [u8], mut arrived: usize) -> Result<()> {
        while arrived < message.len() {
            let rest = &mut message[arrived..];
            match retry::<S>(Mode::Block, Place::WithinFrame, || stream.read(rest, Mode::Block)) {
                Ok(read) => arrived += read.unwrap_or(0),
                Err(error) => {
                    (self.start, self.end) = (0, 0);
                    self.make_room(HEADER + message.len());
                    self.keep(&(message.len() as u32).to_le_bytes());
                    self.keep(&message[..arrived]);
                    return Err(error);
                }
            }
        }
        (self.start, self.end) = (0, 0);
        Ok(())
    }
}

/// The position in the stream where a read begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    BetweenFrames,
    WithinFrame,
}

/// Repeats a read that a signal interrupted.
///
/// If the peer closes, or is killed, between two messages, the link is disconnected and nothing is missing. An end
/// within a frame means that part of a message is lost, which must not look the same.
#[inline]
fn retry<S: ByteStream>(
    mode: Mode,
    place: Place,
    mut read: impl FnMut() -> nix::Result<usize>,
) -> Result<Option<usize>> {
    loop {
        match read() {
            Ok(0) | Err(Errno::ECONNRESET) if place == Place::WithinFrame => {
                return Err(Error::Corrupt("the stream ends in the middle of a message"));
            }
            Ok(0) | Err(Errno::ECONNRESET) => return Err(Error::Disconnected),
            Ok(read) => return Ok(Some(read)),
            Err(Errno::EAGAIN) if mode == Mode::Try => return Ok(None),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno).call(S::READ),
        }
    }
}
