//! Whether a variant is fast enough.

use std::cmp::Ordering;
use std::time::Duration;

use super::evidence::{Contender, Evidence};
use super::figure::{rate, time};
use super::purpose::Purpose;

/// What was measured should be twice what is needed: near its limit, a link is late whenever anything disturbs it.
const MARGIN: f64 = 2.0;

/// Whether a wait strategy of a variant is fast enough for the purpose.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Speed {
    /// By a factor of [`MARGIN`], or nothing was said about speed.
    Enough,
    /// As measured, but without the margin: the reason.
    Barely(String),
    /// Not even as measured: the reason, and the share of what is needed.
    TooSlow(String, f64),
}

impl Speed {
    /// Returns whether the purpose's rate can be sent, and its deadline kept.
    pub(super) fn of(one: &Contender, evidence: &Evidence, purpose: &Purpose) -> Self {
        // Figures of one client say nothing about many.
        if !evidence.are_of_those_clients() {
            return Self::Enough;
        }
        // At the rate itself, nothing is left to conclude.
        let unproven = purpose.rate_per_s.filter(|_| !one.row.pacing.is_some_and(|pacing| pacing.kept_up));
        let rate = unproven.map(|rate| sends(rate, evidence.capacity(one)));
        let deadline = purpose.deadline.map(|deadline| keeps(deadline, evidence.p99_ns(one)));
        // The last is the worst.
        let mut all: Vec<Self> = rate.into_iter().chain(deadline).collect();
        all.sort_by(Self::compare);
        all.pop().unwrap_or(Self::Enough)
    }

    /// Returns its place in an order: 0 is the best.
    pub(super) const fn place(&self) -> u8 {
        match self {
            Self::Enough => 0,
            Self::Barely(_) => 1,
            Self::TooSlow(..) => 2,
        }
    }

    /// Returns the order of two: the faster is the less. All that are fast enough, or barely, are equal.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::TooSlow(_, share), Self::TooSlow(_, less)) => less.total_cmp(share),
            _ => self.place().cmp(&other.place()),
        }
    }

    /// Returns the speed for a need that is met this many times over: less than 1 is not met.
    fn of_factor(factor: f64, found: &str) -> Self {
        match factor {
            factor if factor >= MARGIN => Self::Enough,
            factor if factor >= 1.0 => Self::Barely(format!("only just fast enough: {found}")),
            _ => Self::TooSlow(format!("too slow: {found}"), factor),
        }
    }
}

/// Returns true if what was measured of one message after the other does not settle whether the purpose's rate can be
/// sent: it is neither ten times as much, nor half.
pub(super) fn is_close(one: &Contender, evidence: &Evidence, purpose: &Purpose) -> bool {
    // Many clients send when they have an answer.
    if evidence.is_at_rate() || purpose.clients > 1 {
        return false;
    }
    let capacity = evidence.capacity(one);
    purpose.rate_per_s.zip(capacity).is_some_and(|(rate, capacity)| is_open(capacity / rate as f64))
}

fn is_open(times_over: f64) -> bool {
    (0.5..10.0).contains(&times_over)
}

fn sends(needed: u64, capacity: Option<f64>) -> Speed {
    let Some(capacity) = capacity else {
        return Speed::TooSlow("how many messages it sends in a second was not measured".into(), 0.0);
    };
    let found = &format!("{} messages a second were measured at most", rate(capacity));
    Speed::of_factor(capacity / needed as f64, found)
}

fn keeps(deadline: Duration, p99_ns: Option<f64>) -> Speed {
    let Some(p99) = p99_ns else { return Speed::TooSlow("its times were not measured".into(), 0.0) };
    let found = &format!("99 of 100 took up to {}", time(p99));
    Speed::of_factor(deadline.as_nanos() as f64 / p99.max(1.0), found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_as_fast_is_enough_and_once_is_barely() {
        let of_rate = |capacity| sends(1000, capacity).place();
        assert_eq!(
            [Some(2000.0), Some(1999.0), Some(1000.0), Some(999.0), None].map(of_rate),
            [0, 1, 1, 2, 2]
        );
        let of_time = |p99| keeps(Duration::from_micros(1), p99).place();
        assert_eq!(
            [Some(500.0), Some(501.0), Some(1000.0), Some(1001.0), None].map(of_time),
            [0, 1, 1, 2, 2]
        );
    }

    #[test]
    fn only_a_rate_near_the_limit_is_open() {
        assert_eq!([0.49, 0.5, 1.0, 9.99, 10.0].map(is_open), [false, true, true, true, false]);
    }

    #[test]
    fn what_was_measured_is_told() {
        let told = |speed| match speed {
            Speed::Enough => String::new(),
            Speed::Barely(found) | Speed::TooSlow(found, _) => found,
        };
        let slow = "too slow: 45,700 messages a second were measured at most";
        assert_eq!(told(sends(50_000, Some(45_678.0))), slow);
        let barely = "only just fast enough: 99 of 100 took up to 750 µs";
        assert_eq!(told(keeps(Duration::from_millis(1), Some(75e4))), barely);
    }
}
