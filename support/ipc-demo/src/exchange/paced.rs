//! A stream whose messages are sent at fixed times: a sensor and its logger.

use std::time::Duration;

use ipc_core::{Result, Transport};

use super::open_loop::{due, sleep_then_poll};
use super::ping::{request, send_or_feed};
use super::stamp::Stamp;
use super::{Pattern, Payload, PeerReport, Sample, Usage, Workload, buffer, histogram, usage};

// ANCHOR: paced_stream
/// Sends a stream of messages that are scheduled at fixed times, `interval` apart. `pong` records how long after its
/// scheduled time each one arrived: [`PeerReport::one_way`].
///
/// A full link makes the sender wait, so it sends late. The message carries the time at which it was *meant* to be sent,
/// so that this waiting is part of its time: as in [`open_loop`](super::open_loop). So is the time for which it waits for
/// the others of its batch, if `flush_every` is above 1.
///
/// # Errors
/// As [`one_way`](super::one_way).
pub fn paced_stream(
    link: &mut impl Transport,
    workload: &Workload,
    interval: Duration,
    flush_every: u64,
) -> Result<Sample> {
    let workload = Workload { pattern: Pattern::Paced, verify: false, ..*workload };
    let payload = Payload { verify: false };
    let mut message = buffer(link, workload.size)?;
    Stamp::check_room(&message)?;
    request(link, &workload)?;
    let before = Usage::now()?;
    let start = usage::clock()?;
    for number in 0..workload.count {
        let time = start + due(interval, number).as_nanos() as u64;
        sleep_then_poll(|| {
            usage::clock().map_or(Duration::ZERO, |now| Duration::from_nanos(time.saturating_sub(now)))
        });
        payload.write(number, &mut message);
        Stamp { time, number }.write(&mut message);
        send_or_feed(link, &message, number, flush_every)?;
    }
    link.flush()?;
    let usage = before.until_now()?;
    let report = PeerReport::receive(link)?;
    // By the receiver's clock, as if one more were to follow: exactly as long as scheduled, if the last one was on time.
    Ok(Sample { times: histogram(), service: None, elapsed: report.elapsed + interval, usage, report })
}
// ANCHOR_END: paced_stream
