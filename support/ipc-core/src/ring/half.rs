//! How either half of a link waits.

use std::time::Duration;

use super::attachment::Attachment;
use super::eventcount::EventCount;
use super::memory::Memory;
use super::{SLICE, WakeAtEnd};
use crate::interrupt::Interruptible;
use crate::{Deadline, Error, Result, Streak, last_look};

pub(super) const BLOCKING: &str = "a call without a timeout waits until it is done";

/// A half of a link, which sleeps until the peer has done something.
pub(super) trait Half<M: Memory>: Sized {
    /// Returns the place, by which the end of the peer is noticed.
    fn attachment(&self) -> &Attachment<M>;

    /// Returns the eventcount where this half sleeps.
    fn eventcount(&self) -> &EventCount;

    /// Returns the watch on the peer's process, which notifies the eventcount when that has ended.
    fn wake_at_end(&self) -> &WakeAtEnd;

    /// Returns the place out of which the watch calls this half, where the memory with the eventcount is lost.
    fn wait(&self) -> &Interruptible;

    /// Sleeps at the eventcount.
    ///
    /// As a rule without a limit: a live peer notifies, and the watch wakes when the peer has ended, or the memory was
    /// cut. The exception is a peer that cannot be watched by its pid.
    fn sleep(&self, deadline: Deadline) {
        let longest = if self.wake_at_end().is_on() { Duration::MAX } else { SLICE };
        let sleep = || self.eventcount().wait(deadline.left(longest));
        if self.attachment().region().can_be_cut() { self.wait().during(0, sleep) } else { sleep() }
    }

    /// Checks that the peer's process still runs; without a system call if the watch has found its end.
    fn check_peer(&self) -> Result<()> {
        if self.wake_at_end().has_ended() { Err(Error::Disconnected) } else { self.attachment().check_peer() }
    }

    /// Returns the number of calls in a row that did not have to wait.
    fn streak(&mut self) -> &mut Streak;

    // ANCHOR: sleep_until
    /// Repeats `attempt` until it succeeds or `timeout`, if any, has expired, and sleeps in between.
    fn sleep_until<T>(
        &mut self,
        timeout: Option<Duration>,
        mut attempt: impl FnMut(&mut Self) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        let at_once = attempt(self)?;
        if let Some(done) = self.streak().note(at_once) {
            return Ok(Some(done));
        }
        let deadline = timeout.map_or(Deadline::Never, Deadline::after);
        if deadline == Deadline::Now {
            return Ok(None);
        }
        // In a stream, the peer has gone on meanwhile: it is spared a wake-up, and this side a sleep.
        if let Some(done) = attempt(self)? {
            return Ok(Some(done));
        }
        loop {
            self.eventcount().prepare_to_wait();
            let looked_again = attempt(self);
            if matches!(looked_again, Ok(None)) && !self.wake_at_end().has_ended() {
                self.sleep(deadline);
            }
            self.eventcount().finish_wait();
            if let Some(done) = looked_again? {
                return Ok(Some(done));
            }
            if let Some(done) = attempt(self)? {
                return Ok(Some(done));
            }
            // No success: the peer has ended, the time is over, a signal came, or the wake-up was spurious.
            if let Err(gone) = self.check_peer() {
                return last_look(gone, || attempt(self)).map(Some);
            }
            if deadline.has_passed() {
                return Ok(None);
            }
        }
    }
    // ANCHOR_END: sleep_until
}
