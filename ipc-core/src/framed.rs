//! Messages over a byte stream: each frame is a length (4 bytes, little-endian) and that many bytes.
//!
//! A pipe, a FIFO and a stream socket forget where one write ended and the next began. The frame remembers. It
//! costs no system call of its own: header and message leave in one `writev`, and one `read` brings in both, and
//! whatever else has arrived by then.

use std::io::IoSlice;

use nix::errno::Errno;

use crate::error::Call;
use crate::{Error, Result, Transport};

/// The longest message a framed stream carries: 16 MiB. A longer length in a header is not believed.
pub const MAX_MESSAGE: usize = 16 << 20;

const HEADER: usize = size_of::<u32>();

/// As much as a pipe holds by default: one read can empty it.
const READ_AHEAD: usize = 64 << 10;

/// Whether a call may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Sleep in the kernel until there is something to do.
    Block,
    /// Answer `EAGAIN` instead of sleeping.
    Try,
}

/// Two one-way streams of bytes, or one that goes both ways.
pub trait ByteStream {
    /// The name of the system call behind [`read`](Self::read), for errors.
    const READ: &'static str;
    /// The name of the system call behind [`write`](Self::write), for errors.
    const WRITE: &'static str;

    /// Reads what is there into `buffer`; 0 at the end of the stream.
    ///
    /// # Errors
    /// What the kernel answers; `EAGAIN` for "not now".
    fn read(&self, buffer: &mut [u8], mode: Mode) -> nix::Result<usize>;

    /// Writes the pieces one behind the other, or the first part of them, and returns how many bytes went out.
    ///
    /// # Errors
    /// What the kernel answers; `EAGAIN` for "not now".
    fn write(&self, pieces: &[IoSlice<'_>], mode: Mode) -> nix::Result<usize>;
}

/// A [`Transport`] made of a [`ByteStream`] by framing.
#[derive(Debug)]
pub struct Framed<S> {
    stream: S,
    /// What was read ahead and not yet given out is `inbox[start..end]`.
    inbox: Vec<u8>,
    start: usize,
    end: usize,
    outgoing: Option<Outgoing>,
}

/// A frame of which the first part has left.
#[derive(Debug)]
struct Outgoing {
    /// Length of the message, without the header.
    len: usize,
    /// Bytes that have left, with the header.
    sent: usize,
}

impl<S: ByteStream> Framed<S> {
    /// Frames messages over `stream`.
    pub fn new(stream: S) -> Self {
        Self { stream, inbox: vec![0; READ_AHEAD], start: 0, end: 0, outgoing: None }
    }

    /// The stream under the frames.
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    fn write_frame(&mut self, message: &[u8], mode: Mode) -> Result<Option<()>> {
        if message.len() > MAX_MESSAGE {
            return Err(Error::TooLarge { len: message.len(), max: MAX_MESSAGE });
        }
        let outgoing = self.outgoing.get_or_insert(Outgoing { len: message.len(), sent: 0 });
        if outgoing.len != message.len() {
            let len = outgoing.len;
            return Err(Error::Usage(format!("a message of {len} bytes is under way: offer that one again")));
        }
        let header = (message.len() as u32).to_le_bytes();
        while outgoing.sent < HEADER + message.len() {
            let pieces = [
                IoSlice::new(&header[outgoing.sent.min(HEADER)..]),
                IoSlice::new(&message[outgoing.sent.saturating_sub(HEADER)..]),
            ];
            match self.stream.write(&pieces, mode) {
                Ok(sent) => outgoing.sent += sent,
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => {
                    if outgoing.sent == 0 {
                        self.outgoing = None; // nothing has left: another message may go first
                    }
                    return Ok(None);
                }
                Err(errno) => {
                    self.outgoing = None;
                    return match errno {
                        Errno::EPIPE | Errno::ECONNRESET => Err(Error::Disconnected),
                        _ => Err(errno).call(S::WRITE),
                    };
                }
            }
        }
        self.outgoing = None;
        Ok(Some(()))
    }

    fn read_frame(&mut self, buffer: &mut [u8], mode: Mode) -> Result<Option<usize>> {
        while self.end - self.start < HEADER {
            if self.read_ahead(mode)?.is_none() {
                return Ok(None);
            }
        }
        let header = &self.inbox[self.start..][..HEADER];
        let len = u32::from_le_bytes(header.try_into().expect("a header has 4 bytes")) as usize;
        if len > MAX_MESSAGE {
            return Err(Error::Corrupt("a frame longer than any message can be"));
        }
        if len > buffer.len() {
            return Err(Error::BufferTooSmall { needed: len }); // still in the inbox: kept
        }
        // Only now that the caller has shown room for it may the message claim memory of ours.
        self.make_room(HEADER + len, mode);
        while self.end - self.start < HEADER + len && self.end < self.inbox.len() {
            if self.read_ahead(mode)?.is_none() {
                return Ok(None);
            }
        }
        let arrived = len.min(self.end - self.start - HEADER);
        buffer[..arrived].copy_from_slice(&self.inbox[self.start + HEADER..][..arrived]);
        self.read_rest(&mut buffer[arrived..len])?;
        self.start += HEADER + arrived;
        Ok(Some(len))
    }

    /// Lets a frame of `frame` bytes, header included, fit behind `start`: all of it where it must be complete
    /// before a byte may be given out, since a call that may not wait cannot fetch the rest.
    fn make_room(&mut self, frame: usize, mode: Mode) {
        if self.start + frame > self.inbox.len() {
            self.inbox.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            if mode == Mode::Try && frame > self.inbox.len() {
                self.inbox.resize(frame, 0);
            }
        }
    }

    /// One read into the inbox.
    fn read_ahead(&mut self, mode: Mode) -> Result<Option<()>> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        self.make_room(HEADER, mode);
        let read = Self::read(&self.stream, &mut self.inbox[self.end..], mode)?;
        self.end += read.unwrap_or(0);
        Ok(read.map(drop))
    }

    /// Reads the part of a long message that the inbox has no room for straight to where it belongs.
    fn read_rest(&mut self, mut rest: &mut [u8]) -> Result<()> {
        while !rest.is_empty() {
            let read = Self::read(&self.stream, rest, Mode::Block)?.unwrap_or(0);
            rest = &mut rest[read..];
        }
        Ok(())
    }

    fn read(stream: &S, buffer: &mut [u8], mode: Mode) -> Result<Option<usize>> {
        loop {
            match stream.read(buffer, mode) {
                Ok(0) | Err(Errno::ECONNRESET) => return Err(Error::Disconnected),
                Ok(read) => return Ok(Some(read)),
                Err(Errno::EAGAIN) if mode == Mode::Try => return Ok(None),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno).call(S::READ),
            }
        }
    }
}

impl<S: ByteStream> Transport for Framed<S> {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.write_frame(message, Mode::Block).map(|sent| sent.expect("a blocking write waits"))
    }

    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.read_frame(buffer, Mode::Block).map(|len| len.expect("a blocking read waits"))
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.write_frame(message, Mode::Try)
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.read_frame(buffer, Mode::Try)
    }

    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }
}
