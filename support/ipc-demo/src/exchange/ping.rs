//! The side that asks.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use ipc_core::{Error, Result, Sender, Transport};

use super::stamp::Stamp;
use super::usage::{self, Usage};
use super::{Pattern, Payload, PeerReport, READY, Sample, Workload, buffer, histogram, receive};

/// Runs round trips and returns the time of each, in nanoseconds. `on_round` is called with the number and time of
/// each; its own time is not measured.
///
/// # Errors
/// Those of the transport; [`Corrupt`](Error::Corrupt) if an answer does not match the workload.
pub fn ping(
    link: &mut impl Transport,
    workload: &Workload,
    on_round: impl FnMut(u64, Duration),
) -> Result<Histogram<u64>> {
    ping_in_batches(link, workload, 1, on_round).map(|sample| sample.times)
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
    workload: &Workload,
    batch: u64,
    mut on_batch: impl FnMut(u64, Duration),
) -> Result<Sample> {
    let mut times = histogram();
    let mut all = Duration::ZERO;
    let payload = Payload { verify: workload.verify };
    let mut message = buffer(link, workload.size)?;
    request(link, workload)?;
    let before = Usage::now()?;
    let mut round = 0;
    while round < workload.count {
        let rounds = batch.clamp(1, workload.count - round);
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
    Ok(Sample { times, service: None, elapsed: all, usage, report: PeerReport::receive(link)? })
}
// ANCHOR_END: ping

/// Runs round trips for which `pong` records the one-way time of each message to it: [`PeerReport::one_way`]. The clock
/// is read once per message, so the round trips themselves are not timed.
///
/// # Errors
/// As [`ping`]; [`Usage`](Error::Usage) if the messages have no room for a timestamp.
pub fn one_way(link: &mut impl Transport, workload: &Workload) -> Result<Sample> {
    debug_assert_eq!(workload.pattern, Pattern::OneWay);
    let payload = Payload { verify: false };
    let mut message = buffer(link, workload.size)?;
    Stamp::check_room(&message)?;
    request(link, workload)?;
    let started = Instant::now();
    let before = Usage::now()?;
    for round in 0..workload.count {
        payload.write(round, &mut message);
        Stamp { time: usage::clock()?, number: round }.write(&mut message);
        link.send(&message)?;
        receive(link, &mut message)?;
        payload.read(round, &message)?;
    }
    let (elapsed, usage) = (started.elapsed(), before.until_now()?);
    Ok(Sample { times: histogram(), service: None, elapsed, usage, report: PeerReport::receive(link)? })
}

/// Sends a stream of messages. The receiver times it from the first to the last, by its own clock: a sender's clock
/// would stop at the last write, before the reader has drained. With `flush_every` above 1, that many messages leave as a
/// batch.
///
/// # Errors
/// As [`ping`].
pub fn stream(link: &mut impl Transport, workload: &Workload, flush_every: u64) -> Result<Sample> {
    debug_assert_eq!(workload.pattern, Pattern::Stream);
    let payload = Payload { verify: workload.verify };
    let mut message = buffer(link, workload.size)?;
    request(link, workload)?;
    let before = Usage::now()?;
    for number in 0..workload.count {
        payload.write(number, &mut message);
        send_or_feed(link, &message, number, flush_every)?;
    }
    link.flush()?;
    let usage = before.until_now()?;
    let report = PeerReport::receive(link)?;
    Ok(Sample { times: histogram(), service: None, elapsed: report.elapsed, usage, report })
}

/// Sends a message of a stream by itself, or adds it to the batch, which leaves after every `flush_every` messages.
#[inline]
pub(super) fn send_or_feed(
    link: &mut impl Sender,
    message: &[u8],
    number: u64,
    flush_every: u64,
) -> Result<()> {
    if flush_every == 1 {
        return link.send(message);
    }
    link.feed(message)?;
    if (number + 1).is_multiple_of(flush_every) { link.flush() } else { Ok(()) }
}

/// Sends the workload to `pong`, and waits until that is awake.
pub(super) fn request(link: &mut impl Transport, workload: &Workload) -> Result<()> {
    link.send(&workload.encode())?;
    let mut answer = [0; READY.len()];
    receive(link, &mut answer)?;
    if answer == READY { Ok(()) } else { Err(Error::Corrupt("not the answer to a workload")) }
}
