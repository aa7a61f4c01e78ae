//! The exchange itself: the same for all six, run between two processes. `exchange/ping.rs` asks, `exchange/pong.rs`
//! answers.
//!
//! `ping` sends a [`Workload`] that describes an exchange, then runs it; `pong` serves workloads until `ping` leaves.
//! `pong` sleeps until a workload comes, whatever its wait strategy, and answers when it is awake: a peer without a
//! workload costs no CPU time, and no time is measured before both are ready.
//!
//! Both sides write every byte that they send and read every byte that they receive: with an untouched payload, a
//! megabyte would be as cheap as a byte.
//!
//! After each workload `pong` reports its costs and its measurements: see [`PeerReport`].

use std::hint::black_box;
use std::time::Duration;

use hdrhistogram::Histogram;

pub use open_loop::open_loop;
pub use paced::paced_stream;
pub use ping::{one_way, ping, ping_in_batches, stream};
pub use pong::{Served, pong};
pub use report::PeerReport;
pub use usage::Usage;
pub use workload::{Pattern, Workload};

mod open_loop;
mod paced;
mod ping;
mod pong;
mod report;
mod stamp;
mod usage;
mod workload;

pub use crate::payload::Payload;
use ipc_core::{Error, Result, Transport};

/// Percentiles of a run, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[allow(missing_docs)] // the names are the statistics' own
pub struct Summary {
    pub min: u64,
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub p999: u64,
    pub max: u64,
    pub mean: f64,
}

/// The answer of `pong` to a workload.
const READY: [u8; 4] = *b"REDY";

/// The longest time that a histogram can hold.
const LONGEST: Duration = Duration::from_secs(3600);

/// The result of a workload.
#[derive(Debug)]
pub struct Sample {
    /// The time of each round trip, in nanoseconds: from its start, or in the open loop from its scheduled start. Empty
    /// for a stream.
    pub times: Histogram<u64>,
    /// Open loop: the time of each round trip from its actual start, in nanoseconds.
    pub service: Option<Histogram<u64>>,
    /// Round trips: the sum of their times. A stream: the time from the first to the last message, by the receiver's
    /// clock. With scheduled times: as long as the schedule, or longer if it could not be kept.
    pub elapsed: Duration,
    /// The cost of the workload on this side.
    pub usage: Usage,
    /// The cost on the side of `pong`, and its measurements.
    pub report: PeerReport,
}

/// Allocates memory for one message, and writes to it once so that its pages exist before anything is timed. Never more
/// than the link carries, whatever the workload says.
fn buffer(link: &impl Transport, size: usize) -> Result<Vec<u8>> {
    let max = link.max_message();
    if size > max {
        return Err(Error::TooLarge { len: size, max });
    }
    if max < PeerReport::LEN {
        let needed = PeerReport::LEN;
        return Err(Error::Refused(format!(
            "an exchange needs messages of {needed} bytes, but this link carries at most {max}: raise its limit \
             (kernel.msgmax and kernel.msgmnb, fs.mqueue.msgsize_max)"
        )));
    }
    let mut buffer = vec![1; size];
    black_box(&mut buffer);
    Ok(buffer)
}

/// Receives a message whose length must equal that of `message`.
fn receive(link: &mut impl Transport, message: &mut [u8]) -> Result<()> {
    match link.recv(message) {
        Ok(len) if len == message.len() => Ok(()),
        Ok(_) | Err(Error::BufferTooSmall { .. }) => Err(Error::Corrupt("a message of an unexpected length")),
        Err(error) => Err(error),
    }
}

/// Returns an empty histogram from 1 ns to an hour, exact to three digits.
#[must_use]
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST.as_nanos() as u64, 3).expect("these bounds are valid")
}

impl From<&Histogram<u64>> for Summary {
    fn from(times: &Histogram<u64>) -> Self {
        let at = |quantile| times.value_at_quantile(quantile);
        Self {
            min: times.min(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: times.max(),
            mean: times.mean(),
        }
    }
}

#[cfg(test)]
mod tests;
