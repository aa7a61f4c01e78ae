//! One type for the ends of both variants.

use ipc_core::ring::RingLink;
use ipc_core::{Result, Transport};

use crate::{Attached, LockStep};

/// One end of a link through a segment.
#[derive(Debug)]
pub enum Link {
    /// The variant `ring`.
    Ring(RingLink<Attached>),
    /// The variant `sem`.
    LockStep(LockStep),
}

impl Link {
    /// Length of the segment, in bytes.
    #[must_use]
    pub fn segment_size(&self) -> usize {
        match self {
            Self::Ring(link) => link.segment_size(),
            Self::LockStep(link) => link.segment_size(),
        }
    }

    /// Overwrites the segment past all rules, as a hostile peer can. For tests.
    ///
    /// # Panics
    /// Out of bounds.
    pub fn scribble(&self, offset: usize, bytes: &[u8]) {
        match self {
            Self::Ring(link) => link.scribble(offset, bytes),
            Self::LockStep(link) => link.scribble(offset, bytes),
        }
    }
}

impl Transport for Link {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        match self {
            Self::Ring(link) => link.send(message),
            Self::LockStep(link) => link.send(message),
        }
    }

    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self {
            Self::Ring(link) => link.recv(buffer),
            Self::LockStep(link) => link.recv(buffer),
        }
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        match self {
            Self::Ring(link) => link.try_send(message),
            Self::LockStep(link) => link.try_send(message),
        }
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        match self {
            Self::Ring(link) => link.try_recv(buffer),
            Self::LockStep(link) => link.try_recv(buffer),
        }
    }

    fn max_message(&self) -> usize {
        match self {
            Self::Ring(link) => link.max_message(),
            Self::LockStep(link) => link.max_message(),
        }
    }

    fn check_peer(&mut self) -> Result<()> {
        match self {
            Self::Ring(link) => link.check_peer(),
            Self::LockStep(link) => link.check_peer(),
        }
    }
}
