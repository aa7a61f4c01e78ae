//! The side that answers.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use ipc_core::{Endpoint, Error, Result, Transport, Waiting};

use super::stamp::Stamp;
use super::usage::{self, Usage};
use super::{Pattern, Payload, PeerReport, READY, Workload, buffer, histogram, receive};

/// The work that `pong` did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Number of messages received, not counting workloads.
    pub messages: u64,
}

/// Serves workloads until `ping` leaves; calls `on_workload` for each. Sleeps while waiting for workloads; every other
/// wait uses the strategy of `link`.
///
/// # Errors
/// Those of the transport; [`Disconnected`](Error::Disconnected) only if `ping` left in the middle of a workload;
/// [`Corrupt`](Error::Corrupt) for an invalid workload, or one for messages longer than this side's link carries.
pub fn pong(link: &mut Waiting<impl Transport>, mut on_workload: impl FnMut(&Workload)) -> Result<Served> {
    let mut served = Served::default();
    loop {
        let mut bytes = [0; Workload::LEN];
        match receive(link.link_mut(), &mut bytes) {
            Err(Error::Disconnected) => return Ok(served),
            received => received?,
        }
        let workload = Workload::decode(&bytes)?;
        if workload.size > link.max_message() {
            // Not `TooLarge`: that would blame the user who started this side, who cannot correct it.
            return Err(Error::Corrupt("a workload with messages longer than this side's link carries"));
        }
        on_workload(&workload);
        carry_out(link, &workload)?;
        served.messages += workload.count;
    }
}

/// Carries out one workload, and sends the report.
fn carry_out(link: &mut impl Transport, workload: &Workload) -> Result<()> {
    let mut message = buffer(link, workload.size)?;
    let mut one_way = matches!(workload.pattern, Pattern::OneWay | Pattern::Paced).then(histogram);
    link.send(&READY)?;
    let before = Usage::now()?;
    let elapsed = match (workload.pattern, &mut one_way) {
        (Pattern::Stream, _) => drain(link, workload, &mut message)?,
        (Pattern::Paced, Some(times)) => drain_timed(link, workload, &mut message, times)?,
        (_, Some(times)) => answer_timed(link, workload, &mut message, times)?,
        (_, None) => answer(link, workload, &mut message)?,
    };
    PeerReport { elapsed, usage: before.until_now()?, one_way }.send(link)
}

fn answer(link: &mut impl Transport, workload: &Workload, message: &mut [u8]) -> Result<Duration> {
    let payload = Payload { verify: workload.verify };
    let started = Instant::now();
    for round in 0..workload.count {
        receive(link, message)?;
        payload.read(round, message)?;
        payload.write(round, message);
        link.send(message)?;
    }
    Ok(started.elapsed())
}

/// Answers, and records the one-way time of each message.
fn answer_timed(
    link: &mut impl Transport,
    workload: &Workload,
    message: &mut [u8],
    times: &mut Histogram<u64>,
) -> Result<Duration> {
    let payload = Payload { verify: false };
    let started = Instant::now();
    for round in 0..workload.count {
        receive(link, message)?;
        times.saturating_record(Stamp::passed(message, usage::clock()?)?);
        payload.read(round, message)?;
        payload.write(round, message);
        link.send(message)?;
    }
    Ok(started.elapsed())
}

/// Receives; returns the time from the first message to the last.
fn drain(link: &mut impl Transport, workload: &Workload, message: &mut [u8]) -> Result<Duration> {
    let payload = Payload { verify: workload.verify };
    let mut first = None;
    for number in 0..workload.count {
        receive(link, message)?;
        first.get_or_insert_with(Instant::now);
        payload.read(number, message)?;
    }
    Ok(first.map_or(Duration::ZERO, |first| first.elapsed()))
}

/// Receives, and records the time of each message since it was meant to be sent; returns the time from the first message
/// to the last.
fn drain_timed(
    link: &mut impl Transport,
    workload: &Workload,
    message: &mut [u8],
    times: &mut Histogram<u64>,
) -> Result<Duration> {
    let payload = Payload { verify: false };
    let (mut first, mut last) = (None, 0);
    for number in 0..workload.count {
        receive(link, message)?;
        last = usage::clock()?;
        first.get_or_insert(last);
        times.saturating_record(Stamp::passed(message, last)?);
        Stamp::check_number(message, number)?;
        payload.read(number, message)?;
    }
    Ok(Duration::from_nanos(last - first.unwrap_or(last)))
}
