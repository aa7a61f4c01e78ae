//! The exchange itself: the same for all six, played between two processes.
//!
//! `ping` sends an [`Order`] that says what is to be played, then plays it; `pong` serves orders until `ping`
//! leaves. `pong` sleeps until an order comes, whatever its strategy of waiting is, and answers when it is awake: a
//! peer without an order costs nobody anything, and no time is taken before both are there.
//!
//! Both sides write every byte of what they send and read every byte of what they receive: a payload that
//! nobody touches would make a megabyte as cheap as a byte.
//!
//! After each order `pong` reports what it cost, and what it has measured: see [`Report`].

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
use crate::{Error, Result, Transport};

/// Percentiles of a run, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "demo", derive(serde::Serialize))]
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

/// What `pong` answers to an order.
const READY: [u8; 4] = *b"REDY";

/// Length of a time within a message, in bytes.
const STAMP: usize = size_of::<u64>();

/// Longest time a histogram can hold.
const LONGEST: Duration = Duration::from_secs(3600);

/// How an order went.
#[derive(Debug)]
pub struct Outcome {
    /// The time of each round trip, in nanoseconds: from the start, or in the open loop from the moment at which it
    /// was meant to start. Empty for a stream.
    pub times: Histogram<u64>,
    /// Open loop: the time of each round trip from the moment at which it really started, in nanoseconds.
    pub service: Option<Histogram<u64>>,
    /// Round trips: their sum. A stream: the time between the first and the last message, by the receiver's clock.
    pub elapsed: Duration,
    /// What the order cost this side.
    pub usage: Usage,
    /// What it cost `pong`, and what that has measured.
    pub report: Report,
}

/// Plays round trips and returns the time of each, in nanoseconds. `on_round` is told number and time of each; its
/// own time is not measured.
///
/// # Errors
/// As the transport; [`Corrupt`](Error::Corrupt) when an answer is not what was asked for.
pub fn ping(
    link: &mut impl Transport,
    order: &Order,
    on_round: impl FnMut(u64, Duration),
) -> Result<Histogram<u64>> {
    ping_in_batches(link, order, 1, on_round).map(|outcome| outcome.times)
}

// ANCHOR: ping
/// Plays round trips and looks at the clock only after each `batch` of them: looking takes as long as a short round
/// trip. The histogram then holds the mean of each batch, as often as the batch had rounds. `on_batch` is told the
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

/// Plays round trips of which `pong` notes how long each message was on its way to it: [`Report::one_way`]. Looks at
/// the clock once for every message, so that the round trips themselves are not timed.
///
/// # Errors
/// As [`ping`]; [`Usage`](Error::Usage) for messages that have no room for a time.
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

/// Sends a stream of messages; the receiver times it from the first to the last, by its own clock: a sender's clock
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

/// Tells `pong` what is to be played, and waits until it is awake.
fn place(link: &mut impl Transport, order: &Order) -> Result<()> {
    link.send(&order.encode())?;
    let mut answer = [0; READY.len()];
    receive(link, &mut answer)?;
    if answer == READY { Ok(()) } else { Err(Error::Corrupt("not the answer to an order")) }
}

/// Memory for one message, written once so that its pages are there before anything is timed. Never more than the
/// link carries, whatever the order says.
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

/// Receives a message of exactly the length of `message`.
fn receive(link: &mut impl Transport, message: &mut [u8]) -> Result<()> {
    match link.recv(message) {
        Ok(len) if len == message.len() => Ok(()),
        Ok(_) | Err(Error::BufferTooSmall { .. }) => {
            Err(Error::Corrupt("a message of another length than agreed"))
        }
        Err(error) => Err(error),
    }
}

/// An empty histogram from 1 ns to an hour, exact to three digits.
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
