//! The lines between the harness and the processes of many clients and their server: JSON, one line each.

use std::time::Duration;

use ipc_core::{Call, Result};
use ipc_demo::exchange::Usage;
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::results::latency::Latency;

/// A turn. Its times are those of `CLOCK_MONOTONIC`, which all processes share.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct TurnOrder {
    /// The time at which the first requests are sent.
    pub(super) start: Duration,
    /// The time at which the window begins: answers count from here on.
    pub(super) from: Duration,
    /// The time at which it ends, and no more requests are sent.
    pub(super) until: Duration,
    /// True if each answer is checked.
    pub(super) verify: bool,
}

/// The time from the order to the first request: long enough for the order to reach all processes.
const NOTICE: Duration = Duration::from_millis(2);

/// The shortest lead-in.
const SHORTEST_LEAD: Duration = Duration::from_millis(20);

impl TurnOrder {
    /// Returns a turn with a window of `length`, ordered at `now`.
    pub(super) fn new(now: Duration, length: Duration, verify: bool) -> Self {
        let start = now + NOTICE;
        let from = start + (length / 5).max(SHORTEST_LEAD);
        Self { start, from, until: from + length, verify }
    }

    /// Returns true if an answer received at that time counts.
    pub(super) fn counts(&self, at: Duration) -> bool {
        (self.from..self.until).contains(&at)
    }

    /// Sleeps until it starts.
    pub(super) fn wait_for_start(&self) -> Result<()> {
        std::thread::sleep(self.start.saturating_sub(now()?));
        Ok(())
    }
}

/// The report of a client process on a turn.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TurnReport {
    /// Answers in the window, for each client.
    pub(super) counts: Vec<u64>,
    /// All answers.
    pub(super) all: u64,
    /// The times of the answers in the window; `None` without any.
    pub(super) times: Option<Latency>,
    /// The resources that the turn used in this process.
    pub(super) spent: Usage,
}

/// Returns the current time, by the clock that all processes share.
pub(super) fn now() -> Result<Duration> {
    clock_gettime(ClockId::CLOCK_MONOTONIC).call("clock_gettime").map(Duration::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fifth of the window precedes it as the lead-in, and a minimum time where the window is short.
    #[test]
    fn what_comes_before_the_window_and_behind_it_does_not_count() {
        for (length, from) in [(1000, 10_202), (50, 10_022)] {
            let at = Duration::from_millis;
            let order = TurnOrder::new(at(10_000), at(length), false);
            assert_eq!(
                [order.start, order.from, order.until].map(|at| at.as_millis() as u64),
                [10_002, from, from + length]
            );
            let counts = [from - 1, from, from + length - 1, from + length].map(|ms| order.counts(at(ms)));
            assert_eq!(counts, [false, true, true, false], "{length}");
        }
    }
}
