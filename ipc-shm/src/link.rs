//! One type for the ends of all variants.

use std::time::Duration;

use ipc_core::ring::{Memory, RingLink};
use ipc_core::{Result, Transport};

use crate::{Attached, LockStep, Mapped};

/// One end of a link through shared memory.
#[derive(Debug)]
pub enum Link {
    /// The variant `ring`.
    Ring(RingLink<Attached>),
    /// The variant `sem`.
    LockStep(LockStep),
    /// The variant `posix`.
    Posix(RingLink<Mapped>),
}

/// Does the same with any of them.
macro_rules! any {
    ($self:ident, $link:ident => $call:expr) => {
        match $self {
            Self::Ring($link) => $call,
            Self::LockStep($link) => $call,
            Self::Posix($link) => $call,
        }
    };
}

impl Link {
    /// Length of the segment, in bytes.
    #[must_use]
    pub fn segment_size(&self) -> usize {
        any!(self, link => link.segment_size())
    }

    /// The memory itself.
    #[must_use]
    pub fn memory(&self) -> &dyn Memory {
        any!(self, link => link.memory())
    }
}

impl Transport for Link {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        any!(self, link => link.send(message))
    }

    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        any!(self, link => link.recv(buffer))
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        any!(self, link => link.send_timeout(message, timeout))
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        any!(self, link => link.recv_timeout(buffer, timeout))
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        any!(self, link => link.try_send(message))
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        any!(self, link => link.try_recv(buffer))
    }

    fn max_message(&self) -> usize {
        any!(self, link => link.max_message())
    }

    fn check_peer(&mut self) -> Result<()> {
        any!(self, link => link.check_peer())
    }
}
