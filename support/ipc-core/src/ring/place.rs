//! The place that the two halves of a link share: whether the peer is there, and whether it has broken the link.

use std::sync::{Arc, OnceLock};

use super::WakeAtEnd;
use super::attachment::Attachment;
use super::eventcount::EventCount;
use super::layout::Ring;
use super::memory::{Memory, Region};
use crate::interrupt::{self, Interruptible};
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

    /// Wakes the sleeper at an eventcount when the peer's process has ended. Until the returned value is dropped, the
    /// memory stays mapped.
    ///
    /// In memory that can be cut, it also wakes a sleeper whose word is gone: one that sleeps on a lost page, while any
    /// page that has taken its place has another word. No wake-up finds it, so it is interrupted in its `wait`.
    pub(super) fn wake_at_end(
        self: &Arc<Self>,
        wait: &Arc<Interruptible>,
        eventcount: impl Fn(&[Ring; 2]) -> &EventCount + Clone + Send + 'static,
    ) -> WakeAtEnd {
        let Some(peer) = self.attachment.peers_process() else { return WakeAtEnd::off() };
        let (place, wait) = (Arc::clone(self), Arc::clone(wait));
        if !self.region().can_be_cut() {
            return WakeAtEnd::of(peer, move || eventcount(&place.region().control().rings).notify_all());
        }
        if interrupt::install().is_err() {
            return WakeAtEnd::off();
        }
        let asleep = Arc::clone(&wait);
        let reach = move |touch: fn(&EventCount)| {
            touch(eventcount(&place.region().control().rings)); // this tells whether it is still there
            if !place.region().is_intact() {
                wait.interrupt();
            }
        };
        let look = reach.clone();
        let look = move || {
            if asleep.is_waiting() {
                look(EventCount::touch);
            }
        };
        WakeAtEnd::with_looks(peer, move || reach(EventCount::notify_all), look)
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
