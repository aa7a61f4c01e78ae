//! The place that the two halves of a link share: whether the peer is there, and whether it has broken the link.

use std::sync::{Arc, OnceLock};

use super::WakeAtEnd;
use super::attachment::Attachment;
use super::layout::Ring;
use super::memory::{Memory, Region};
use crate::{Error, Result};

/// The place that the two halves share.
#[derive(Debug)]
pub(super) struct Place<M: Memory> {
    pub(super) attachment: Attachment<M>,
    /// The peer's offence, once there is one. Nothing it sends after that is believed.
    broken: OnceLock<&'static str>,
}

impl<M: Memory> Place<M> {
    pub(super) const fn new(attachment: Attachment<M>) -> Self {
        Self { attachment, broken: OnceLock::new() }
    }

    /// Calls `wake` when the peer's process has ended. Until the returned value is dropped, the memory stays mapped.
    pub(super) fn wake_at_end(self: &Arc<Self>, wake: impl Fn(&[Ring; 2]) + Send + 'static) -> WakeAtEnd {
        let place = Arc::clone(self);
        self.attachment.wake_at_peers_end(move || wake(&place.attachment.region().control().rings))
    }

    pub(super) fn region(&self) -> &Region<M> {
        self.attachment.region()
    }

    #[inline]
    pub(super) fn is_broken(&self) -> bool {
        self.broken.get().is_some()
    }

    /// Returns whether the other side both sends and receives, and the memory in which it says so is still shared.
    #[inline]
    pub(super) fn is_peer_here(&self) -> bool {
        self.attachment.peer_is_here() && self.region().is_intact()
    }

    /// Refuses memory that was cut. Only after an access is it known whether it reached what both sides share.
    #[inline]
    pub(super) fn check_memory(&self) -> Result<()> {
        if self.region().is_intact() { Ok(()) } else { self.broken_by(Ok(())) }
    }

    /// Refuses a broken link, and records an error that breaks one.
    pub(super) fn unless_broken<T>(&self, attempt: impl FnOnce(&Attachment<M>) -> Result<T>) -> Result<T> {
        if self.is_broken() {
            return self.broken_by(Ok(()));
        }
        match attempt(&self.attachment) {
            Ok(done) if self.region().is_intact() => Ok(done),
            result => self.broken_by(result.map(drop)),
        }
    }

    /// Returns the error of a failed attempt, and records it if it breaks the link. An earlier one counts.
    #[cold]
    fn broken_by<T>(&self, result: Result<()>) -> Result<T> {
        let error = match (self.broken.get(), self.attachment.region().intact(), result) {
            (Some(reason), ..) => Error::Corrupt(reason),
            (None, Err(error), _) | (None, Ok(()), Err(error)) => error,
            (None, Ok(()), Ok(())) => unreachable!("neither the attempt failed nor the memory"),
        };
        if let Error::Corrupt(reason) = error {
            let _ = self.broken.set(reason); // the other half may have been faster
        }
        Err(error)
    }
}
