//! What it costs to look at the clock, and how to keep that out of what is timed.

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// What one look at the clock takes, in nanoseconds. Measured once.
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
        // The best of a few: what disturbs one makes it longer, never shorter.
        (0..5).map(|_| once()).fold(f64::INFINITY, f64::min)
    })
}

/// How many round trips to time together, so that looking at the clock adds no more than about a hundredth.
#[must_use]
pub fn batch(round_trip: Duration) -> u64 {
    const SHARE: f64 = 0.01;
    let needed = cost() / (SHARE * round_trip.as_secs_f64() * 1e9).max(1e-3);
    (needed.ceil() as u64).clamp(1, 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_the_round_trip_the_larger_the_batch() {
        assert!(cost() > 0.0);
        assert_eq!(batch(Duration::from_millis(1)), 1);
        let batches = [1_000_000, 10_000, 1_000, 100, 1].map(|ns| batch(Duration::from_nanos(ns)));
        assert!(batches.is_sorted(), "{batches:?}");
        assert!(batches[3] > 1, "a look at the clock takes more than a nanosecond");
    }
}
