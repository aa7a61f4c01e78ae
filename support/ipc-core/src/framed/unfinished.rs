//! A frame that is not written to its end: what may follow, and what the caller is told.

use std::hash::{DefaultHasher, Hash, Hasher};

use nix::errno::Errno;

use super::frame::MAX_MESSAGE;
use super::frame_writer::FrameWriter;
use crate::{Call, Error, Result};

impl FrameWriter {
    /// Turns a failure of the stream into an error. Bytes already written cannot be taken back: a partly written
    /// message remains so, or the peer would take the next one for the rest of it.
    #[cold]
    pub(super) fn fail<T>(&mut self, message: &[u8], errno: Errno, call: &'static str) -> Result<T> {
        if matches!(errno, Errno::EPIPE | Errno::ECONNRESET) {
            self.forget();
            return Err(Error::Disconnected);
        }
        self.failed = self.under_way.map(|_| digest(message));
        Err(errno).call(call)
    }

    /// Returns whether `message` is the one that is partly written. Its bytes are compared only after a failure: a
    /// caller that was told "not now" knows that the same message has to follow.
    #[cold]
    pub(super) fn continues(&self, message: &[u8]) -> bool {
        self.under_way == Some(message.len()) && self.failed.is_none_or(|failed| failed == digest(message))
    }

    /// Returns the reason why a message of `len` bytes cannot be sent now.
    #[cold]
    pub(super) fn refused(&self, len: usize) -> Error {
        match self.under_way {
            Some(under_way) if len <= MAX_MESSAGE => {
                Error::Usage(format!("a message of {under_way} bytes is partly sent: send that one again"))
            }
            _ => Error::TooLarge { len, max: MAX_MESSAGE },
        }
    }
}

fn digest(message: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.hash(&mut hasher);
    hasher.finish()
}
