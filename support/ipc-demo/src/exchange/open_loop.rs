//! Round trips that start at fixed times.

use std::thread;
use std::time::{Duration, Instant};

use ipc_core::{Result, Transport};

use super::ping::request;
use super::{Payload, PeerReport, Sample, Usage, Workload, buffer, histogram, receive};

/// The time before a start that is spent polling instead of sleeping, since a sleeper wakes late.
const POLLED: Duration = Duration::from_micros(200);

// ANCHOR: open_loop
/// Runs round trips that are scheduled to start at fixed times, `interval` apart, and measures each from its scheduled
/// start.
///
/// A client that starts each round trip when the previous one has ended sends nothing while its peer stalls: a stall of
/// a second is one bad round trip among thousands. In practice, other requests would have arrived in that time, and
/// would have had to wait. Here they are counted: a round trip that starts late, because the one before took so long,
/// has already waited when it starts.
///
/// # Errors
/// As [`ping`](super::ping).
pub fn open_loop(link: &mut impl Transport, workload: &Workload, interval: Duration) -> Result<Sample> {
    let (mut times, mut service) = (histogram(), histogram());
    let payload = Payload { verify: workload.verify };
    let mut message = buffer(link, workload.size)?;
    request(link, workload)?;
    let before = Usage::now()?;
    let (start, mut to_last_start) = (Instant::now(), Duration::ZERO);
    for round in 0..workload.count {
        let meant = start + due(interval, round);
        sleep_then_poll(|| meant.saturating_duration_since(Instant::now()));
        let started = Instant::now();
        to_last_start = started - start;
        payload.write(round, &mut message);
        link.send(&message)?;
        receive(link, &mut message)?;
        payload.read(round, &message)?;
        let ended = Instant::now();
        times.saturating_record((ended - meant).as_nanos() as u64);
        service.saturating_record((ended - started).as_nanos() as u64);
    }
    // As if one more were to follow: exactly as long as scheduled, if the last one was on time.
    let (elapsed, usage) = (to_last_start + interval, before.until_now()?);
    Ok(Sample { times, service: Some(service), elapsed, usage, report: PeerReport::receive(link)? })
}
// ANCHOR_END: open_loop

/// Returns the scheduled start of this message, relative to the first.
pub(super) fn due(interval: Duration, round: u64) -> Duration {
    Duration::from_nanos((interval.as_nanos() * u128::from(round)) as u64)
}

/// Returns when no time is `left`.
pub(super) fn sleep_then_poll(left: impl Fn() -> Duration) {
    if let Some(long_before) = left().checked_sub(POLLED) {
        thread::sleep(long_before);
    }
    while !left().is_zero() {
        thread::yield_now(); // the peer may be on the same core
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_are_due_one_interval_after_another() {
        let interval = Duration::from_micros(200);
        assert_eq!([0, 1, 7].map(|round| due(interval, round).as_micros()), [0, 200, 1400]);
        assert_eq!(due(interval, 10_000_000_000).as_secs(), 2_000_000, "more than a u32 counts");
    }
}
