//! The exchange itself: the same for all six, run between two processes.
//!
//! `ping` sends an [`Order`] that describes an exchange, then runs it; `pong` serves orders until `ping` leaves. `pong`
//! sleeps until an order comes, whatever its waiting strategy, and answers when it is awake: a peer without an order
//! costs no CPU time, and no time is measured before both are ready.
//!
//! Both sides write every byte that they send and read every byte that they receive: with an untouched payload, a
//! megabyte would be as cheap as a byte.
//!
//! After each order `pong` reports its costs and its measurements: see [`Report`].

use std::hint::black_box;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

pub use open_loop::open_loop;
pub use order::{Exchange, Order};
pub use pong::{Served, pong};
pub use report::Report;
pub use usage::Usage;

mod open_loop;
mod order;
mod pong;
mod report;
mod usage;

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

/// The answer of `pong` to an order.
const READY: [u8; 4] = *b"REDY";

/// The length of a timestamp within a message, in bytes.
const STAMP: usize = size_of::<u64>();

/// The longest time that a histogram can hold.
const LONGEST: Duration = Duration::from_secs(3600);

/// The result of an order.
#[derive(Debug)]
pub struct Outcome {
    /// The time of each round trip, in nanoseconds: from its start, or in the open loop from its scheduled start. Empty
    /// for a stream.
    pub times: Histogram<u64>,
    /// Open loop: the time of each round trip from its actual start, in nanoseconds.
    pub service: Option<Histogram<u64>>,
    /// Round trips: the sum of their times. A stream: the time from the first to the last message, by the receiver's
    /// clock.
    pub elapsed: Duration,
    /// The cost of the order on this side.
    pub usage: Usage,
    /// The cost on the side of `pong`, and its measurements.
    pub report: Report,
}

/// Runs round trips and returns the time of each, in nanoseconds. `on_round` is called with the number and time of
/// each; its own time is not measured.
///
/// # Errors
/// Those of the transport; [`Corrupt`](Error::Corrupt) if an answer does not match the order.
pub fn ping(
    link: &mut impl Transport,
    order: &Order,
    on_round: impl FnMut(u64, Duration),
) -> Result<Histogram<u64>> {
    ping_in_batches(link, order, 1, on_round).map(|outcome| outcome.times)
}

// ANCHOR: ping
/// Runs round trips and reads the clock only after each `batch` of them: a reading takes as long as a short round trip.
/// The histogram then holds the mean of each batch, as often as the batch had rounds. `on_batch` is called with the
/// number of the last round and the time of the batch; its own time is not measured.
///
/// # Errors
/// As [`ping`].
pub fn ping_in_batches(
    link: &mut impl Transport,
    order: &Order,
    batch: u64,
    mut on_batch: impl FnMut(u64, Duration),
) -> Result<Outcome> {
    let mut times = histogram();
    let mut all = Duration::ZERO;
    let payload = Payload { verify: order.verify };
    let mut message = buffer(link, order.size)?;
    place(link, order)?;
    let before = Usage::now()?;
    let mut round = 0;
    while round < order.count {
        let rounds = batch.clamp(1, order.count - round);
        let started = Instant::now();
        for _ in 0..rounds {
            payload.write(round, &mut message);
            link.send(&message)?;
            receive(link, &mut message)?;
            payload.read(round, &message)?;
            round += 1;
        }
        let elapsed = started.elapsed();
        times.saturating_record_n((elapsed.as_nanos() / u128::from(rounds)) as u64, rounds);
        all += elapsed;
        on_batch(round - 1, elapsed);
    }
    let usage = before.until_now()?;
    Ok(Outcome { times, service: None, elapsed: all, usage, report: Report::receive(link)? })
}
// ANCHOR_END: ping

/// Runs round trips for which `pong` records the one-way time of each message to it: [`Report::one_way`]. The clock is
/// read once per message, so the round trips themselves are not timed.
///
/// # Errors
/// As [`ping`]; [`Usage`](Error::Usage) if the messages have no room for a timestamp.
pub fn one_way(link: &mut impl Transport, order: &Order) -> Result<Outcome> {
    debug_assert_eq!(order.exchange, Exchange::OneWay);
    let payload = Payload { verify: false };
    let mut message = buffer(link, order.size)?;
    if message.len() < STAMP {
        return Err(Error::Usage(format!("a message of {} bytes has no room for a time", message.len())));
    }
    place(link, order)?;
    let started = Instant::now();
    let before = Usage::now()?;
    for round in 0..order.count {
        payload.write(round, &mut message);
        message[..STAMP].copy_from_slice(&usage::clock()?.to_le_bytes());
        link.send(&message)?;
        receive(link, &mut message)?;
        payload.read(round, &message)?;
    }
    let (elapsed, usage) = (started.elapsed(), before.until_now()?);
    Ok(Outcome { times: histogram(), service: None, elapsed, usage, report: Report::receive(link)? })
}

/// Sends a stream of messages. The receiver times it from the first to the last, by its own clock: a sender's clock
/// would stop at the last write, before the reader has drained.
///
/// # Errors
/// As [`ping`].
pub fn stream(link: &mut impl Transport, order: &Order) -> Result<Outcome> {
    debug_assert_eq!(order.exchange, Exchange::Stream);
    let payload = Payload { verify: order.verify };
    let mut message = buffer(link, order.size)?;
    place(link, order)?;
    let before = Usage::now()?;
    for number in 0..order.count {
        payload.write(number, &mut message);
        link.send(&message)?;
    }
    let usage = before.until_now()?;
    let report = Report::receive(link)?;
    Ok(Outcome { times: histogram(), service: None, elapsed: report.elapsed, usage, report })
}

/// Sends the order to `pong`, and waits until that is awake.
fn place(link: &mut impl Transport, order: &Order) -> Result<()> {
    link.send(&order.encode())?;
    let mut answer = [0; READY.len()];
    receive(link, &mut answer)?;
    if answer == READY { Ok(()) } else { Err(Error::Corrupt("not the answer to an order")) }
}

/// Allocates memory for one message, and writes to it once so that its pages exist before anything is timed. Never more
/// than the link carries, whatever the order says.
fn buffer(link: &impl Transport, size: usize) -> Result<Vec<u8>> {
    let max = link.max_message();
    if size > max {
        return Err(Error::TooLarge { len: size, max });
    }
    if max < Report::LEN {
        let needed = Report::LEN;
        return Err(Error::Usage(format!(
            "an exchange takes messages of {needed} bytes, and this link carries at most {max}: raise its limit \
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
        Ok(_) | Err(Error::BufferTooSmall { .. }) => {
            Err(Error::Corrupt("a message of another length than agreed"))
        }
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
