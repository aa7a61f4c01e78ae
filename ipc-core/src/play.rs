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
pub use report::Report;
pub use usage::Usage;

mod open_loop;
mod report;
mod usage;

pub use crate::payload::Payload;
use crate::{Error, Result, Transport, Waiting};

/// What is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// `ping` sends a message, `pong` sends one back, and so on.
    RoundTrip,
    /// `ping` sends message after message, `pong` receives.
    Stream,
    /// As a round trip; but in the first eight bytes of each message `ping` notes the time, so that `pong` knows how
    /// long it was on its way.
    OneWay,
}

/// One thing to play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// What is exchanged.
    pub exchange: Exchange,
    /// Check sequence number and checksum of every message. Costs time: for runs that are not timed.
    pub verify: bool,
    /// Length of each message, in bytes.
    pub size: usize,
    /// How many messages `ping` sends.
    pub count: u64,
}

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

/// What `pong` did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Messages received, orders not counted.
    pub messages: u64,
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

/// Serves orders until `ping` leaves; `on_order` is told of each. Waits for orders asleep, and for all else by the
/// strategy of `link`.
///
/// # Errors
/// As the transport; [`Disconnected`](Error::Disconnected) only when `ping` left in the middle of an order;
/// [`Corrupt`](Error::Corrupt) for what is no order, or one of messages longer than this side's link carries.
pub fn pong(link: &mut Waiting<impl Transport>, mut on_order: impl FnMut(&Order)) -> Result<Served> {
    let mut served = Served::default();
    loop {
        let mut bytes = [0; Order::LEN];
        match receive(link.link_mut(), &mut bytes) {
            Err(Error::Disconnected) => return Ok(served),
            received => received?,
        }
        let order = Order::decode(&bytes)?;
        if order.size > link.max_message() {
            // Not for us to correct: `TooLarge` would blame whoever started this side.
            return Err(Error::Corrupt("it orders messages longer than this side's link carries"));
        }
        on_order(&order);
        carry_out(link, &order)?;
        served.messages += order.count;
    }
}

/// Plays one order, and reports.
fn carry_out(link: &mut impl Transport, order: &Order) -> Result<()> {
    let mut message = buffer(link, order.size)?;
    let mut one_way = (order.exchange == Exchange::OneWay).then(histogram);
    link.send(&READY)?;
    let before = Usage::now()?;
    let elapsed = match (order.exchange, &mut one_way) {
        (Exchange::Stream, _) => drain(link, order, &mut message)?,
        (_, Some(times)) => answer_timed(link, order, &mut message, times)?,
        (_, None) => answer(link, order, &mut message)?,
    };
    Report { elapsed, usage: before.until_now()?, one_way }.send(link)
}

fn answer(link: &mut impl Transport, order: &Order, message: &mut [u8]) -> Result<Duration> {
    let payload = Payload { verify: order.verify };
    let started = Instant::now();
    for round in 0..order.count {
        receive(link, message)?;
        payload.read(round, message)?;
        payload.write(round, message);
        link.send(message)?;
    }
    Ok(started.elapsed())
}

/// Answers, and notes how long each message was on its way.
fn answer_timed(
    link: &mut impl Transport,
    order: &Order,
    message: &mut [u8],
    times: &mut Histogram<u64>,
) -> Result<Duration> {
    let payload = Payload { verify: false };
    let started = Instant::now();
    for round in 0..order.count {
        receive(link, message)?;
        let now = usage::clock()?;
        let sent = message.first_chunk().map(|stamp| u64::from_le_bytes(*stamp));
        let sent = sent.ok_or(Error::Corrupt("it orders times in messages that have no room for one"))?;
        // A stamp from the future is none of a clock that both sides share.
        let passed = now.checked_sub(sent).ok_or(Error::Corrupt("a message from the future"))?;
        times.saturating_record(passed);
        payload.read(round, message)?;
        payload.write(round, message);
        link.send(message)?;
    }
    Ok(started.elapsed())
}

/// Receives; the time is that from the first message to the last.
fn drain(link: &mut impl Transport, order: &Order, message: &mut [u8]) -> Result<Duration> {
    let payload = Payload { verify: order.verify };
    let mut first = None;
    for number in 0..order.count {
        receive(link, message)?;
        first.get_or_insert_with(Instant::now);
        payload.read(number, message)?;
    }
    Ok(first.map_or(Duration::ZERO, |first| first.elapsed()))
}

/// Memory for one message, written once so that its pages are there before anything is timed. Never more than the
/// link carries, whatever the order says.
fn buffer(link: &impl Transport, size: usize) -> Result<Vec<u8>> {
    let max = link.max_message();
    if size > max {
        return Err(Error::TooLarge { len: size, max });
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

impl Order {
    /// Every order has this length on the wire, in bytes.
    pub const LEN: usize = 24;

    const MAGIC: [u8; 4] = *b"PLAY";

    /// The order as it travels.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..4].copy_from_slice(&Self::MAGIC);
        bytes[4] = self.exchange as u8;
        bytes[5] = u8::from(self.verify);
        bytes[8..16].copy_from_slice(&(self.size as u64).to_le_bytes());
        bytes[16..].copy_from_slice(&self.count.to_le_bytes());
        bytes
    }

    /// The order that these bytes are.
    ///
    /// # Errors
    /// [`Corrupt`](Error::Corrupt): they are none.
    pub fn decode(bytes: &[u8; Self::LEN]) -> Result<Self> {
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
        let order = Self {
            exchange: match bytes[4] {
                0 => Exchange::RoundTrip,
                1 => Exchange::Stream,
                _ => Exchange::OneWay,
            },
            verify: bytes[5] != 0,
            size: number(8) as usize,
            count: number(16),
        };
        // Whatever does not encode back to the same bytes was not written by `encode`.
        if order.encode() == *bytes { Ok(order) } else { Err(Error::Corrupt("not an order")) }
    }
}

#[cfg(test)]
mod tests;
