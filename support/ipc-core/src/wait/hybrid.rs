//! Polling for a time that has paid off recently, then sleeping.

use std::time::{Duration, Instant};

use super::spin::burst;
use super::spin_budget::SpinBudget;
use super::streak::Streak;
use crate::Result;

/// The timeout of a `try_` call.
pub(super) const NOT_AT_ALL: Option<Duration> = Some(Duration::ZERO);

// ANCHOR: hybrid
/// Polls `attempt` for as long as `budget` allows, then lets it sleep, and reports the outcome to `budget`.
/// `attempt` takes the time it may wait; `None` means no limit. Returns `None` once `timeout`, if any, has expired.
pub(super) fn hybrid<T, R>(
    link: &mut T,
    budget: &mut SpinBudget,
    streak: &mut Streak,
    timeout: Option<Duration>,
    mut attempt: impl FnMut(&mut T, Option<Duration>) -> Result<Option<R>>,
) -> Result<Option<R>> {
    if budget.tries_first()
        && let Some(done) = streak.note(attempt(link, NOT_AT_ALL)?)
    {
        return Ok(Some(done)); // no wait, so nothing to learn
    }
    let time = budget.time();
    if time.is_zero() || timeout.is_some_and(|timeout| timeout <= time) {
        let started = Instant::now();
        let done = attempt(link, timeout)?;
        if done.is_some() && time.is_zero() {
            budget.slept(started.elapsed());
        }
        return Ok(done);
    }
    if let Some((done, after)) = poll(link, time, |link| attempt(link, NOT_AT_ALL))? {
        budget.found(after);
        return Ok(Some(done));
    }
    budget.missed();
    attempt(link, timeout.map(|timeout| timeout.saturating_sub(time)))
}
// ANCHOR_END: hybrid

/// Polls `attempt` for `time` and returns how long it took. The first polls are neither timed nor counted.
fn poll<T, R>(
    link: &mut T,
    time: Duration,
    mut attempt: impl FnMut(&mut T) -> Result<Option<R>>,
) -> Result<Option<(R, Duration)>> {
    if let Some(done) = burst(link, &mut attempt)? {
        return Ok(Some((done, Duration::ZERO)));
    }
    let started = Instant::now();
    loop {
        let done = burst(link, &mut attempt)?;
        let waited = started.elapsed();
        match done {
            Some(done) => return Ok(Some((done, waited))),
            None if waited >= time => return Ok(None),
            None => {}
        }
    }
}
