//! The best that this machine can do: no mechanism is quicker than a cache line from core to core, and none that copies
//! has a higher throughput than `memcpy`.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::{Error, Result};
use ipc_demo::cpus::{Cpus, Role};
use ipc_demo::exchange::{Pattern, Workload};

use super::bare::Baseline;
use super::processes;
use super::rounds::FEWEST_ROUNDS;
use crate::measure::effort::{first_look, fitting};
use crate::measure::task::Task;
use crate::results::case::Placement;
use crate::results::limits::{Copying, MachineLimits};
use crate::results::quartiles::Quartiles;

/// Two buffers of this length fit into the second-level cache of any current core.
const SMALL: usize = 64 << 10;
/// The length of a round of hand-overs. On a busy machine, one may take milliseconds instead of nanoseconds.
const ROUND: Duration = Duration::from_millis(2);
/// Two buffers of this length fit into hardly any cache.
const LARGE: usize = 64 << 20;

/// Measures the limits between, and on, the CPUs of `placement`.
///
/// # Errors
/// The two processes cannot be started.
pub fn measure(placement: Placement) -> Result<MachineLimits> {
    let handover_ns = if placement.ping == placement.pong { None } else { Some(handover(placement)?) };
    Ok(MachineLimits { handover_ns, memcpy: copying(placement)? })
}

fn handover(placement: Placement) -> Result<Quartiles> {
    let mut pair = processes::start(Baseline::handover(), placement)?;
    let mut round = |count| -> Result<Duration> {
        let order = Workload { pattern: Pattern::RoundTrip, verify: false, size: 0, count };
        Ok(pair.play(Task { order, batch: count, rate: None, flush_every: 1 })?.elapsed)
    };
    let (count, elapsed) = first_look(ROUND, || false, &mut round)?; // warms both up, too
    let count = fitting(count, elapsed, ROUND);
    let in_ns = |elapsed: Duration| elapsed.as_secs_f64() * 1e9 / (2 * count) as f64;
    let rounds = (0..FEWEST_ROUNDS).map(|_| round(count).map(in_ns)).collect::<Result<Vec<_>>>()?;
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
