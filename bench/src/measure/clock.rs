//! The cost of reading the clock, and how to keep it out of what is timed.

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Returns the time that one reading of the clock takes, in nanoseconds. Measured once.
#[must_use]
pub fn cost() -> f64 {
    const LOOKS: u32 = 10_000;
    static COST: OnceLock<f64> = OnceLock::new();
    *COST.get_or_init(|| {
        let once = || {
            let started = Instant::now();
            for _ in 0..LOOKS {
                black_box(Instant::now());
            }
            started.elapsed().as_secs_f64() * 1e9 / f64::from(LOOKS)
        };
        // The best of a few: a disturbance makes a reading longer, never shorter.
        (0..5).map(|_| once()).fold(f64::INFINITY, f64::min)
    })
}

/// Returns how many round trips to time together so that reading the clock adds no more than about a hundredth.
#[must_use]
pub fn batch(round_trip: Duration) -> u64 {
    batch_if(cost(), round_trip)
}

/// As [`batch`], for a clock whose reading takes `cost` nanoseconds.
fn batch_if(cost: f64, round_trip: Duration) -> u64 {
    const SHARE: f64 = 0.01;
    let needed = cost / (SHARE * round_trip.as_secs_f64() * 1e9).max(1e-3);
    (needed.ceil() as u64).clamp(1, 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_at_the_clock_adds_no_more_than_a_hundredth() {
        let batches =
            [0, 1, 100, 300, 2_000, 2_001, 1_000_000].map(|ns| batch_if(20.0, Duration::from_nanos(ns)));
        assert_eq!(batches, [1000, 1000, 20, 7, 1, 1, 1]);
        assert!(cost() > 0.0 && batch(Duration::from_secs(1)) == 1);
    }
}
