//! The exchange itself: the same for all six, played between two processes.
//!
//! `ping` sends an [`Order`] that says what is to be played, then plays it; `pong` serves orders until `ping`
//! leaves. `pong` sleeps until an order comes, whatever its strategy of waiting is, and answers when it is awake: a
//! peer without an order costs nobody anything, and no time is taken before both are there.
//!
//! Both sides write every byte of what they send and read every byte of what they receive: a payload that
//! nobody touches would make a megabyte as cheap as a byte.

use std::hint::black_box;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

pub use crate::payload::Payload;
use crate::{Error, Result, Transport, Waiting};

/// What is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// `ping` sends a message, `pong` sends one back, and so on.
    RoundTrip,
    /// `ping` sends message after message, `pong` receives.
    Stream,
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

/// Longest time a histogram can hold.
const LONGEST: Duration = Duration::from_secs(3600);

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
    ping_in_batches(link, order, 1, on_round)
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
) -> Result<Histogram<u64>> {
    debug_assert_eq!(order.exchange, Exchange::RoundTrip);
    let mut times = histogram();
    let payload = Payload { verify: order.verify };
    let mut message = buffer(link, order.size)?;
    place(link, order)?;
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
        on_batch(round - 1, elapsed);
    }
    Ok(times)
}
// ANCHOR_END: ping

/// Sends a stream of messages and returns how long the receiver took from the first to the last, by its own clock:
/// a sender's clock would stop at the last write, before the reader has drained.
///
/// # Errors
/// As [`ping`].
pub fn stream(link: &mut impl Transport, order: &Order) -> Result<Duration> {
    debug_assert_eq!(order.exchange, Exchange::Stream);
    let payload = Payload { verify: order.verify };
    let mut message = buffer(link, order.size)?;
    place(link, order)?;
    for number in 0..order.count {
        payload.write(number, &mut message);
        link.send(&message)?;
    }
    let mut report = [0; size_of::<u64>()];
    receive(link, &mut report)?;
    Ok(Duration::from_nanos(u64::from_le_bytes(report)))
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
        link.send(&READY)?;
        match order.exchange {
            Exchange::RoundTrip => answer(link, &order)?,
            Exchange::Stream => drain(link, &order)?,
        }
        served.messages += order.count;
    }
}

fn answer(link: &mut impl Transport, order: &Order) -> Result<()> {
    let payload = Payload { verify: order.verify };
    let mut message = buffer(link, order.size)?;
    for round in 0..order.count {
        receive(link, &mut message)?;
        payload.read(round, &message)?;
        payload.write(round, &mut message);
        link.send(&message)?;
    }
    Ok(())
}

fn drain(link: &mut impl Transport, order: &Order) -> Result<()> {
    let payload = Payload { verify: order.verify };
    let mut message = buffer(link, order.size)?;
    let mut first = None;
    for number in 0..order.count {
        receive(link, &mut message)?;
        first.get_or_insert_with(Instant::now);
        payload.read(number, &message)?;
    }
    let elapsed = first.map_or(Duration::ZERO, |first| first.elapsed());
    link.send(&(elapsed.as_nanos() as u64).to_le_bytes())
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
        bytes[4] = u8::from(self.exchange == Exchange::Stream);
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
            exchange: if bytes[4] == 0 { Exchange::RoundTrip } else { Exchange::Stream },
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
