//! The best that this machine can do: no mechanism is quicker than a cache line from core to core, and none that copies
//! has a higher throughput than `memcpy`.

use std::hint::black_box;
use std::thread;
use std::time::Instant;

use ipc_core::{Error, Result};
use ipc_demo::cpus::{Cpus, Role};
use ipc_demo::exchange::{Pattern, Workload};
use serde::{Deserialize, Serialize};

use super::Floor;
use super::rounds::FEWEST_ROUNDS;
use crate::measure::pair::Pair;
use crate::measure::task::Task;
use crate::results::case::Placement;
use crate::results::quartiles::Quartiles;

/// The limits of latency and of throughput.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
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

/// Two buffers of this length fit into the second-level cache of any current core.
const SMALL: usize = 64 << 10;
/// Two buffers of this length fit into hardly any cache.
const LARGE: usize = 64 << 20;

impl Limits {
    /// Measures the limits between, and on, the CPUs of `placement`.
    ///
    /// # Errors
    /// The two processes cannot be started.
    pub fn measure(placement: Placement) -> Result<Self> {
        let handover_ns = if placement.ping == placement.pong { None } else { Some(handover(placement)?) };
        Ok(Self { handover_ns, memcpy: copying(placement)? })
    }

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

fn handover(placement: Placement) -> Result<Quartiles> {
    const ROUND_TRIPS: u64 = 10_000;
    let mut pair = Pair::start_floor(Floor::handover(), placement)?;
    let order = Workload { pattern: Pattern::RoundTrip, verify: false, size: 0, count: ROUND_TRIPS };
    let mut round = || -> Result<f64> {
        let elapsed = pair.play(Task { order, batch: ROUND_TRIPS, rate: None })?.elapsed;
        Ok(elapsed.as_secs_f64() * 1e9 / (2 * ROUND_TRIPS) as f64)
    };
    round()?; // warms both up
    let rounds = (0..FEWEST_ROUNDS).map(|_| round()).collect::<Result<Vec<_>>>()?;
    pair.finish()?;
    Ok(Quartiles::of(rounds))
}

/// Measures in a thread of its own: only that one is bound to the CPU.
fn copying(placement: Placement) -> Result<Vec<Copying>> {
    let cpus = Cpus::Pair(placement.ping, placement.pong);
    let copy = || -> Result<Vec<Copying>> {
        cpus.bind(Role::Ping)?;
        Ok([(true, SMALL), (false, LARGE)].map(|(in_cache, buffer)| copy(in_cache, buffer)).into())
    };
    thread::scope(|scope| scope.spawn(copy).join()).map_err(|_| Error::Disconnected)?
}

fn copy(in_cache: bool, buffer: usize) -> Copying {
    let from = vec![1_u8; buffer];
    let mut to = vec![2_u8; buffer];
    let copies = (LARGE / buffer).max(1);
    let mut round = || {
        let started = Instant::now();
        for _ in 0..copies {
            black_box(&mut to).copy_from_slice(black_box(&from));
        }
        (copies * buffer) as f64 / started.elapsed().as_secs_f64()
    };
    round(); // brings the buffers into the cache, or at least into memory
    Copying { in_cache, buffer, bytes_per_s: Quartiles::of((0..FEWEST_ROUNDS).map(|_| round())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_twice_and_the_best_copying_counts() {
        let about = |median: f64| Quartiles { p25: median / 2.0, median, p75: median * 3.0 };
        let copying = |rate| Copying { in_cache: true, buffer: 1, bytes_per_s: about(rate) };
        let limits = Limits { handover_ns: Some(about(90.0)), memcpy: [7e9, 9e9, 8e9].map(copying).into() };
        assert_eq!((limits.core_to_core_ns(), limits.memcpy_bytes_per_s()), (Some(180.0), Some(9e9)));
        let none = Limits::default();
        assert_eq!((none.core_to_core_ns(), none.memcpy_bytes_per_s()), (None, None));
    }
}
