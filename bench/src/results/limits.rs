//! The best that a machine can do.

use serde::{Deserialize, Serialize};

use crate::results::quartiles::Quartiles;

/// The limits of latency and of throughput.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MachineLimits {
    /// The time until the other core sees that a word has changed, in nanoseconds: half a round trip of one cache line
    /// between the two processes. Null where both run on one core.
    pub handover_ns: Option<Quartiles>,
    /// The speed of copying on ping's core.
    pub memcpy: Vec<Copying>,
}

/// The speed of copying memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Copying {
    /// True if both buffers fit into a cache of this core.
    pub in_cache: bool,
    /// Length of each of the two buffers, in bytes.
    pub buffer: usize,
    /// Bytes copied per second.
    pub bytes_per_s: Quartiles,
}

impl MachineLimits {
    /// Returns the time of one cache line from one core to the other and back, in nanoseconds.
    #[must_use]
    pub fn core_to_core_ns(&self) -> Option<f64> {
        self.handover_ns.map(|one_way| 2.0 * one_way.median)
    }

    /// Returns the speed at which one core copies memory at best, in bytes per second.
    #[must_use]
    pub fn memcpy_bytes_per_s(&self) -> Option<f64> {
        self.memcpy.iter().map(|copying| copying.bytes_per_s.median).reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_twice_and_the_best_copying_counts() {
        let about = |median: f64| Quartiles { p25: median / 2.0, median, p75: median * 3.0 };
        let copying = |rate| Copying { in_cache: true, buffer: 1, bytes_per_s: about(rate) };
        let limits =
            MachineLimits { handover_ns: Some(about(90.0)), memcpy: [7e9, 9e9, 8e9].map(copying).into() };
        assert_eq!((limits.core_to_core_ns(), limits.memcpy_bytes_per_s()), (Some(180.0), Some(9e9)));
        let none = MachineLimits::default();
        assert_eq!((none.core_to_core_ns(), none.memcpy_bytes_per_s()), (None, None));
    }
}
