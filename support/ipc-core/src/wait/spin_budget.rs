//! The lessons that `hybrid` has learned from its recent waits: whether to poll in the next one, and for how long.

use std::fs;
use std::time::Duration;

/// The longest time that [`Wait::Hybrid`](crate::Wait::Hybrid) polls in one wait. Roughly the cost of sleeping and
/// being woken between two cores of a virtual machine: polling for longer loses more than sleeping would have cost.
pub const POLL_LIMIT: Duration = Duration::from_micros(100);

/// The polling time before anything is known.
const FIRST_TIME: Duration = Duration::from_micros(50);

/// The shortest polling time worth starting: a timer interrupt on the peer's CPU takes about as long.
const SHORTEST_TIME: Duration = Duration::from_micros(10);

/// Consecutive failed polls that end the polling. A single one proves nothing: any process pauses now and then.
const MISSES: u32 = 4;

/// The time below which a blocking call must have succeeded without sleeping: falling asleep and being woken take
/// longer.
const NO_SLEEP: Duration = Duration::from_micros(2);

/// The length of a sleep below which polling might have been better: half of it is our own wake-up.
const SHORT_SLEEP: Duration = POLL_LIMIT.saturating_mul(2);

/// Short sleeps before the first attempt to poll again. Each failed attempt doubles the number ...
const FIRST_PROBE: u32 = 8;

/// ... up to this limit. Where polling is pointless, such attempts cost next to nothing; where it has become useful
/// again, they notice within a fraction of a second.
const LAST_PROBE: u32 = 1024;

/// The spin budget of one side for one kind of call.
#[derive(Debug)]
pub(super) struct SpinBudget {
    /// True with more than one CPU: otherwise the peer cannot run while we poll.
    may_poll: bool,
    /// The polling time for the next wait; zero means sleep at once.
    time: Duration,
    /// Failed polls since the last successful one.
    misses: u32,
    /// Short sleeps left until the next attempt to poll.
    until_probe: u32,
    /// Short sleeps between the next time that polling stops and the attempt after it.
    probe_after: u32,
    /// True if the last call that could have slept did not: the next message may be there already as well.
    was_there: bool,
}

impl SpinBudget {
    /// Starts with nothing learned. `may_poll` is true with more than one CPU.
    pub(super) const fn new(may_poll: bool) -> Self {
        let time = if may_poll { FIRST_TIME } else { Duration::ZERO };
        let probe_after = FIRST_PROBE;
        Self { may_poll, time, misses: 0, until_probe: probe_after, probe_after, was_there: false }
    }

    /// Returns the polling time for this wait, at most [`POLL_LIMIT`]; zero means sleep at once.
    pub(super) const fn time(&self) -> Duration {
        self.time
    }

    /// Returns whether to try once before anything else. Where each call has to sleep anyway, that would be a wasted
    /// system call.
    pub(super) const fn tries_first(&self) -> bool {
        self.was_there || !self.time.is_zero()
    }

    // ANCHOR: learn
    /// Records that polling succeeded after the time `after`. The time becomes four times as long, or, if waits
    /// become shorter, gradually shrinks.
    pub(super) fn found(&mut self, after: Duration) {
        if after > POLL_LIMIT {
            return self.missed(); // another process, maybe the peer, had this core meanwhile
        }
        self.misses = 0;
        self.probe_after = FIRST_PROBE;
        let less = self.time * 15 / 16;
        self.time = less.max(4 * after).clamp(SHORTEST_TIME, POLL_LIMIT);
    }

    /// Records that polling failed, and that this side has to sleep after all.
    pub(super) fn missed(&mut self) {
        self.misses += 1;
        if self.misses >= MISSES {
            self.time = Duration::ZERO;
            self.until_probe = self.probe_after;
            self.probe_after = (2 * self.probe_after).min(LAST_PROBE);
        }
    }

    /// Records the length of a call that slept without any polling. After a number of short ones, polling gets one more
    /// chance: for twice the length of the sleep, so that it cannot cost much more than sleeping.
    pub(super) fn slept(&mut self, long: Duration) {
        self.was_there = long < NO_SLEEP;
        if !self.may_poll || !(NO_SLEEP..SHORT_SLEEP).contains(&long) {
            return;
        }
        self.until_probe -= 1;
        if self.until_probe == 0 {
            self.time = (2 * long).clamp(SHORTEST_TIME, POLL_LIMIT);
            self.misses = MISSES - 1;
        }
    }
    // ANCHOR_END: learn
}

/// Returns whether this machine has more than one CPU. `available_parallelism` would not do: it counts the CPUs that
/// *this* process may use, and is 1 for a process bound to one CPU, although its peer may be bound to another.
pub(super) fn several_cpus() -> bool {
    fs::read_to_string("/sys/devices/system/cpu/online").map_or(true, |online| is_several(&online))
}

/// Returns whether a list such as `0-3,8` names more than one CPU.
fn is_several(online: &str) -> bool {
    online.trim().parse::<u32>().is_err()
}

#[cfg(test)]
mod tests;
