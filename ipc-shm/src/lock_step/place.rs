//! The place that the two halves of a lock-step link share: taking and giving semaphores, and noticing when the peer is
//! gone.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ipc_core::interrupt::{self, Interruptible};
use ipc_core::ownership::OwnershipLock;
use ipc_core::process::WakeAtEnd;
use ipc_core::ring::{Attachment, SLICE};
use ipc_core::{Deadline, Error, Result, last_look};
use nix::errno::Errno;

use crate::semaphore_array::{SemaphoreArray, Undo, free, present};
use crate::sys::Attached;

/// This side's place at the segment and its semaphores.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) attachment: Attachment<Attached>,
    pub(super) semaphores: SemaphoreArray,
    /// The peer's violation of the protocol. After it, nothing that the peer says is trusted.
    broken: OnceLock<&'static str>,
    /// Where each half waits: at "free", at "full".
    waits: [Arc<Interruptible>; 2],
    /// Interrupts both when the peer's process has ended, and now and then.
    wake_at_end: WakeAtEnd,
    /// Removes the semaphores, which cannot be marked for removal while in use, as the segment can. Dropped last, after
    /// `Drop`.
    ownership: Option<OwnershipLock>,
}

impl Place {
    pub(super) fn new(
        attachment: Attachment<Attached>,
        semaphores: SemaphoreArray,
        ownership: Option<OwnershipLock>,
    ) -> Self {
        let waits = [Arc::default(), Arc::default()];
        let wake_at_end = match attachment.peers_process() {
            Some(peer) if interrupt::install().is_ok() => {
                let wake = || {
                    let waits = waits.clone();
                    move || waits.iter().for_each(|wait: &Arc<Interruptible>| wait.interrupt())
                };
                WakeAtEnd::with_looks(peer, wake(), wake())
            }
            _ => WakeAtEnd::off(),
        };
        Self { attachment, semaphores, broken: OnceLock::new(), waits, wake_at_end, ownership }
    }

    pub(super) const fn memory(&self) -> &Attached {
        self.attachment.region().memory()
    }

    pub(super) const fn mine(&self) -> usize {
        self.attachment.side()
    }

    pub(super) const fn peers(&self) -> usize {
        1 - self.attachment.side()
    }

    /// Takes semaphore `index`; `false` if that was not possible before the `deadline`. `ended` says whether the peer
    /// still does its part.
    ///
    /// Does not rely on the peer, which raises the semaphores when it leaves: another process that has the array could be
    /// faster to take them, again and again. (The words of a ring have no such weakness: waking wakes all.) So the watcher
    /// interrupts a sleeper now and then, and at once when the peer's process has ended; a peer that cannot be watched by its
    /// pid is looked after in slices.
    pub(super) fn take(
        &self,
        index: u16,
        deadline: Deadline,
        ended: fn(&Attachment<Attached>) -> Result<bool>,
    ) -> Result<bool> {
        if deadline == Deadline::Now {
            return self.semaphores.try_take(index, Undo::Never);
        }
        let wait = &self.waits[usize::from(index != free(self.mine()))];
        loop {
            let longest = if self.wake_at_end.is_on() { Duration::MAX } else { SLICE };
            let take = || self.semaphores.take(index, deadline.left(longest));
            if !self.wake_at_end.has_ended() && wait.during(0, take)? {
                return Ok(true);
            }
            if self.has_left(ended)? || !self.peer_is_present()? {
                let take = || self.semaphores.try_take(index, Undo::Never).map(|taken| taken.then_some(true));
                return last_look(Error::Disconnected, take);
            }
            if deadline.has_passed() {
                return Ok(false);
            }
        }
    }

    /// Returns whether the peer has `ended` its part or is gone. Both raise the semaphores once more than there are
    /// messages.
    pub(super) fn has_left(&self, ended: fn(&Attachment<Attached>) -> Result<bool>) -> Result<bool> {
        Ok(ended(&self.attachment)? || self.wake_at_end.has_ended())
    }

    /// Hands a slot to the other side. If that fails, the two sides are out of step for good: the next call reports it,
    /// or, if the array was removed, finds that out by itself.
    pub(super) fn give(&self, index: u16) -> Result<()> {
        let given = self.semaphores.give(index, Undo::Never);
        if given.as_ref().is_err_and(|error| error.errno() != Some(Errno::EIDRM)) {
            let _ = self.broken.set("a semaphore that cannot be raised"); // or another offence was first
        }
        given
    }

    /// Returns whether the peer's mark of presence is still set; the kernel clears it when a process ends. A peer that
    /// has tampered with the count leaves its mark set, so this also checks the process itself.
    fn peer_is_present(&self) -> Result<bool> {
        let signed_in = self.semaphores.get(present(self.peers()))? > 0;
        match self.attachment.check_peer() {
            Err(Error::Disconnected) => Ok(false),
            here => here.map(|()| signed_in),
        }
    }

    /// Checks that the peer is present and has not `ended` its part.
    pub(super) fn check_peer(&self, ended: Result<bool>) -> Result<()> {
        let present = self.peer_is_present().map_err(|error| self.unless_peer_left(error))?;
        if present && !ended? { Ok(()) } else { Err(Error::Disconnected) }
    }

    /// Turns the removal of the array into the end of the peer, where that is the cause. An ownership lock keeps the
    /// array until both sides are done; without one, the array goes with its owner.
    fn unless_peer_left(&self, error: Error) -> Error {
        let left =
            || self.attachment.peer_sends_no_more().unwrap_or(true) || self.attachment.check_peer().is_err();
        let is_the_end = error.errno() == Some(Errno::EIDRM) && self.ownership.is_none() && left();
        if is_the_end { Error::Disconnected } else { error }
    }

    /// Refuses a broken link, and records an error that breaks one.
    pub(super) fn unless_broken<T>(&self, attempt: impl FnOnce() -> Result<T>) -> Result<T> {
        if let Some(reason) = self.broken.get() {
            return Err(Error::Corrupt(reason));
        }
        let result = attempt().map_err(|error| self.unless_peer_left(error));
        if let Err(Error::Corrupt(reason)) = result {
            let _ = self.broken.set(reason); // or the other half was faster
        }
        result
    }
}

/// The counts mean nothing from here on, and a failure cannot be reported.
impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.semaphores.try_take(present(self.mine()), Undo::AtExit);
    }
}
