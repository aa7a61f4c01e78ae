//! The side that asks.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use ipc_core::{Error, Result, Transport};

use super::usage::{self, Usage};
use super::{Exchange, Order, Outcome, Payload, READY, Report, buffer, histogram, receive};

/// The length of a timestamp within a message, in bytes.
const STAMP: usize = size_of::<u64>();

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
pub(super) fn place(link: &mut impl Transport, order: &Order) -> Result<()> {
    link.send(&order.encode())?;
    let mut answer = [0; READY.len()];
    receive(link, &mut answer)?;
    if answer == READY { Ok(()) } else { Err(Error::Corrupt("not the answer to an order")) }
}
