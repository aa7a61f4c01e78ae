//! A point in time up to which a call may wait, and a wait by looking again and again.

use std::thread;
use std::time::{Duration, Instant};

use crate::{Error, Result};

/// The latest end of a wait, by the monotonic clock: setting the time of day changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// Already over: the call must not wait at all.
    Now,
    /// At this moment.
    At(Instant),
    /// The call waits as long as it takes.
    Never,
}

impl Deadline {
    /// Returns the moment `timeout` from now. A moment too far away for the clock never comes.
    #[must_use]
    pub fn after(timeout: Duration) -> Self {
        if timeout.is_zero() {
            return Self::Now; // no need to read the clock
        }
        Instant::now().checked_add(timeout).map_or(Self::Never, Self::At)
    }

    /// Returns whether the moment has come.
    #[must_use]
    pub fn has_passed(self) -> bool {
        self.left(Duration::MAX).is_zero()
    }

    /// Returns the time left, at most `limit`; zero once the moment has come.
    #[must_use]
    pub fn left(self, limit: Duration) -> Duration {
        match self {
            Self::Now => Duration::ZERO,
            Self::At(moment) => moment.saturating_duration_since(Instant::now()).min(limit),
            Self::Never => limit,
        }
    }
}

/// Tries again and again until there is an answer, for a side that may come before the owner.
///
/// The time between two tries grows with the time waited, up to 10 ms: a side that waits for a process that is just being
/// started must not sleep for longer than the start takes.
///
/// # Errors
/// The error of `attempt`. [`TimedOut`](Error::TimedOut) with the text from `no_peer` if the answer was `None` for all
/// of `timeout`.
pub fn poll_for<T>(
    timeout: Duration,
    no_peer: impl FnOnce() -> String,
    mut attempt: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let (started, deadline) = (Instant::now(), Deadline::after(timeout));
    loop {
        if let Some(found) = attempt()? {
            return Ok(found);
        }
        if deadline.has_passed() {
            return Err(Error::TimedOut { what: no_peer(), waited: timeout });
        }
        let rest = (started.elapsed() / 8).clamp(Duration::from_micros(100), Duration::from_millis(10));
        thread::sleep(deadline.left(rest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLICE: Duration = Duration::from_millis(100);

    #[test]
    fn what_is_left_is_cut_to_a_slice_and_ends_at_zero() {
        assert_eq!(Deadline::after(Duration::ZERO), Deadline::Now);
        assert_eq!(Deadline::after(Duration::MAX), Deadline::Never);
        assert_eq!(Deadline::Now.left(SLICE), Duration::ZERO);
        assert_eq!(Deadline::Never.left(SLICE), SLICE);
        assert_eq!(Deadline::after(Duration::from_secs(3600)).left(SLICE), SLICE);
        assert!(Deadline::At(Instant::now()).has_passed() && !Deadline::Never.has_passed());
    }
}
