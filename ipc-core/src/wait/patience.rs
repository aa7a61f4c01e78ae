//! What `hybrid` has learned from its recent waits: whether to poll in the next one, and for how long.

use std::fs;
use std::time::Duration;

/// The longest that [`Wait::Hybrid`](crate::Wait::Hybrid) polls in one wait. About what sleeping and being woken can
/// cost between two cores of a virtual machine: who polls longer than that loses more than sleeping would have cost.
pub const POLL_LIMIT: Duration = Duration::from_micros(100);

/// How long it polls before it knows anything.
const FIRST_BUDGET: Duration = Duration::from_micros(50);

/// Polling for less than that is not worth the beginning: a timer interrupt at the peer's takes about as long.
const SHORTEST_BUDGET: Duration = Duration::from_micros(10);

/// Polls in vain, one after the other, that end the polling. One alone proves nothing: everybody pauses now and then.
const MISSES: u32 = 4;

/// A blocking call that took less has found what it wanted and not slept: falling asleep and being woken take longer.
const NO_SLEEP: Duration = Duration::from_micros(2);

/// After a sleep of less, polling might have been the better way: half of it is our own waking.
const SHORT_SLEEP: Duration = POLL_LIMIT.saturating_mul(2);

/// Short sleeps before the first attempt to poll again. Each attempt in vain doubles it ...
const FIRST_PROBE: u32 = 8;

/// ... up to this: where polling is pointless, such attempts cost next to nothing, and where it has become useful
/// again, that is noticed after a fraction of a second.
const LAST_PROBE: u32 = 1024;

/// One side's patience with one kind of call.
#[derive(Debug)]
pub(super) struct Patience {
    /// More than one CPU: else the peer cannot run while we poll.
    may_poll: bool,
    /// How long to poll in the next wait; zero: sleep at once.
    budget: Duration,
    /// Polls in vain since the last that was not.
    misses: u32,
    /// Short sleeps from here to the next attempt to poll.
    until_probe: u32,
    /// Short sleeps from the next stop to the attempt after it.
    probe_after: u32,
}

impl Patience {
    /// Knows nothing yet. `may_poll` is whether there is more than one CPU.
    pub(super) const fn new(may_poll: bool) -> Self {
        let budget = if may_poll { FIRST_BUDGET } else { Duration::ZERO };
        Self { may_poll, budget, misses: 0, until_probe: FIRST_PROBE, probe_after: FIRST_PROBE }
    }

    /// How long to poll now, at most [`POLL_LIMIT`]; zero: sleep at once.
    pub(super) const fn budget(&self) -> Duration {
        self.budget
    }

    // ANCHOR: learn
    /// Polling succeeded `after` so long. From now on four times as long is worth a try, and if waits become
    /// shorter, gradually less.
    pub(super) fn found(&mut self, after: Duration) {
        if after > POLL_LIMIT {
            return self.missed(); // somebody else, maybe the peer, had this core meanwhile
        }
        self.misses = 0;
        self.probe_after = FIRST_PROBE;
        let less = self.budget * 15 / 16;
        self.budget = less.max(4 * after).clamp(SHORTEST_BUDGET, POLL_LIMIT);
    }

    /// Polling was in vain, and this side has to sleep after all.
    pub(super) fn missed(&mut self) {
        self.misses += 1;
        if self.misses >= MISSES {
            self.budget = Duration::ZERO;
            self.until_probe = self.probe_after;
            self.probe_after = (2 * self.probe_after).min(LAST_PROBE);
        }
    }

    /// A call that went to sleep without any polling took so long. After a number of short ones, polling gets one
    /// more chance: for twice as long as it takes to sleep, so that it cannot cost much more than sleeping.
    pub(super) fn slept(&mut self, long: Duration) {
        if !self.may_poll || !(NO_SLEEP..SHORT_SLEEP).contains(&long) {
            return;
        }
        self.until_probe -= 1;
        if self.until_probe == 0 {
            self.budget = (2 * long).clamp(SHORTEST_BUDGET, POLL_LIMIT);
            self.misses = MISSES - 1;
        }
    }
    // ANCHOR_END: learn
}

/// Whether this machine runs more than one thing at a time. Not `available_parallelism`: that counts the CPUs that
/// *this* process may use, and is 1 for one that is bound to a CPU, although its peer may be bound to another.
pub(super) fn several_cpus() -> bool {
    fs::read_to_string("/sys/devices/system/cpu/online").map_or(true, |online| is_several(&online))
}

/// Whether a list like `0-3,8` names more than one CPU.
fn is_several(online: &str) -> bool {
    online.trim().parse::<u32>().is_err()
}

#[cfg(test)]
mod tests;
