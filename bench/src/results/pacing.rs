//! Whether messages could be sent at the times that were planned for them.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::results::case::Kind;
use crate::results::quartiles::Quartiles;

/// The outcome of a schedule of fixed times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pacing {
    /// The messages that really went in a second, in the middle round; never more than planned.
    pub achieved_per_s: f64,
    /// True if that is the planned rate, and no backlog grew meanwhile. If not, messages queue up for as long as the
    /// measurement lasts: their times say how long it was measured, and are no latency.
    pub kept_up: bool,
    /// The messages that were not yet there when the next one was meant to be sent.
    pub late: u64,
}

/// The share of the planned rate that counts as reached. A stall at the end of a round leaves no time to catch up.
const REACHED: f64 = 0.98;

impl Pacing {
    /// Returns the outcome of rounds that reached these `rates`, in messages per second, of the planned one. In the open
    /// loop, where a message waits for the answer before, it is a backlog if most of them are late.
    #[must_use]
    pub fn of(kind: Kind, planned: u64, rates: &[f64], times: &Histogram<u64>) -> Self {
        let interval = 1_000_000_000 / planned.max(1);
        let achieved_per_s = Quartiles::of(rates.iter().copied()).median.min(planned as f64);
        let late = times.len() - times.count_between(0, interval);
        let backlog = kind == Kind::OpenLoop && late > times.len() / 2;
        Self { achieved_per_s, kept_up: achieved_per_s >= REACHED * planned as f64 && !backlog, late }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_that_was_not_reached_is_told_unless_only_a_round_or_two_stalled() {
        let mut times = Histogram::new(3).unwrap();
        for time in [999_999, 1_000_000, 1_002_000, 50_000_000] {
            times.record(time).unwrap();
        }
        let of = |rates: &[f64]| Pacing::of(Kind::Stream, 1000, rates, &times);
        let slow = of(&[700.0, 712.5, 720.0]);
        assert_eq!(slow, Pacing { achieved_per_s: 712.5, kept_up: false, late: 2 });
        let stalled = of(&[500.0, 1000.0, 600.0, 1000.0, 1000.0]);
        assert_eq!((stalled.achieved_per_s, stalled.kept_up), (1000.0, true));
        assert_eq!(of(&[1000.3]), of(&[1000.0]), "a first message that came late is no higher rate");
        assert_eq!([979.0, 980.0].map(|rate| of(&[rate]).kept_up), [false, true]);
    }

    /// A link that is 1 % too slow reaches 99 % of the rate, and its queue grows all the same.
    #[test]
    fn most_messages_late_in_the_open_loop_are_a_backlog() {
        let of = |kind, late: u64| {
            let mut times = Histogram::new(3).unwrap();
            times.record_n(500_000, 100 - late).unwrap();
            times.record_n(3_000_000, late).unwrap();
            Pacing::of(kind, 1000, &[990.0], &times).kept_up
        };
        assert_eq!([50, 51].map(|late| of(Kind::OpenLoop, late)), [true, false]);
        assert!(of(Kind::Stream, 100), "several of a stream may be under way at once");
    }
}
