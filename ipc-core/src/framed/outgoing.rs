//! Writing frames.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::IoSlice;

use nix::errno::Errno;

use super::{ByteStream, HEADER, MAX_MESSAGE, Mode, SHORT};
use crate::error::Call;
use crate::{Error, Result};

/// The frame being sent, if there is one.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// Length of the message that is partly sent.
    under_way: Option<usize>,
    /// Number of bytes of its frame already written.
    sent: usize,
    /// Digest of the message, if the stream failed in the middle of it: a caller that sees that error may well go on
    /// with a different message.
    failed: Option<u64>,
    /// True if no message has been received since the last one was sent.
    pub(super) in_a_row: bool,
    /// The buffer where a short message is copied behind its header.
    short: Box<[u8; HEADER + SHORT]>,
}

impl Outgoing {
    pub(super) fn new() -> Self {
        Self { under_way: None, sent: 0, failed: None, in_a_row: false, short: Box::new([0; HEADER + SHORT]) }
    }

    /// Writes `message` in a frame, or the rest of it; `None` means "not now".
    #[inline]
    pub(super) fn write<S: ByteStream>(
        &mut self,
        stream: &S,
        message: &[u8],
        mode: Mode,
    ) -> Result<Option<()>> {
        if message.len() > MAX_MESSAGE || self.under_way.is_some() && !self.continues(message) {
            return Err(self.refused(message.len()));
        }
        while self.sent < HEADER + message.len() {
            match self.write_some(stream, message, mode) {
                Ok(sent) => {
                    self.sent += sent;
                    self.under_way = Some(message.len());
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) if mode == Mode::Try => return Ok(None),
                Err(errno) => return self.failed::<S>(message, errno),
            }
        }
        self.done();
        self.in_a_row = true;
        Ok(Some(()))
    }

    /// Returns whether `message` is the one that is partly sent. Its bytes are compared only after a failure: a caller
    /// that was told "not now" knows that the same message has to follow.
    #[cold]
    fn continues(&self, message: &[u8]) -> bool {
        self.under_way == Some(message.len()) && self.failed.is_none_or(|failed| failed == digest(message))
    }

    /// Returns the reason why a message of `len` bytes cannot be sent now.
    #[cold]
    fn refused(&self, len: usize) -> Error {
        match self.under_way {
            Some(under_way) if len <= MAX_MESSAGE => {
                Error::Usage(format!("a message of {under_way} bytes is under way: offer that one again"))
            }
            _ => Error::TooLarge { len, max: MAX_MESSAGE },
        }
    }

    /// Turns a failure of the stream into an error. Bytes already written cannot be taken back: a partly sent message
    /// remains so, or the peer would take the next one for the rest of it.
    #[cold]
    fn failed<S: ByteStream>(&mut self, message: &[u8], errno: Errno) -> Result<Option<()>> {
        if !matches!(errno, Errno::EPIPE | Errno::ECONNRESET) {
            self.failed = self.under_way.map(|_| digest(message));
            return Err(errno).call(S::WRITE);
        }
        self.done();
        Err(Error::Disconnected)
    }

    #[inline]
    fn done(&mut self) {
        self.under_way = None;
        self.sent = 0;
        self.failed = None;
    }

    /// Makes one system call and returns how many bytes of the frame it wrote.
    #[inline]
    fn write_some<S: ByteStream>(&mut self, stream: &S, message: &[u8], mode: Mode) -> nix::Result<usize> {
        let header = (message.len() as u32).to_le_bytes();
        if message.len() <= SHORT {
            let frame = &mut self.short[..HEADER + message.len()];
            frame[..HEADER].copy_from_slice(&header);
            frame[HEADER..].copy_from_slice(message);
            return stream.write(&frame[self.sent..], mode);
        }
        let rest = &message[self.sent.saturating_sub(HEADER)..];
        let piece = &rest[..rest.len().min(stream.pieces().longest(self.in_a_row))];
        match header.get(self.sent..) {
            Some(header) if !header.is_empty() => {
                stream.writev(&[IoSlice::new(header), IoSlice::new(piece)], mode)
            }
            _ => stream.write(piece, mode),
        }
    }
}

fn digest(message: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.hash(&mut hasher);
    hasher.finish()
}
