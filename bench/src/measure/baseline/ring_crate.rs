//! A well-maintained ring crate between two *threads*: the speed of messages through memory where the two sides trust
//! each other and share one process. The difference from the suite's ring is the price of what that ring does in
//! addition.

use std::hint;
use std::time::{Duration, Instant};

use ipc_core::{Error, Result};
use ipc_demo::cpus::Cpus;
use ipc_demo::exchange::{Payload, Workload};
use rtrb::{Consumer, Producer, RingBuffer};

use crate::measure::pair::Pair;
use crate::measure::thread_pair;
use crate::results::case::Placement;

/// The length of each message: an array, which is one element of the ring.
pub const SIZE: usize = 64;
type Element = [u8; SIZE];

/// The same number of bytes as in a ring of the suite.
const CAPACITY: usize = ipc_core::ring::CAPACITY / SIZE;

/// Two threads that are ready to play streams.
///
/// # Errors
/// A thread cannot be started.
pub(crate) fn start(placement: Placement) -> Result<Pair> {
    let (mut producer, mut consumer) = RingBuffer::new(CAPACITY);
    thread_pair::start(
        Cpus::Pair(placement.ping, placement.pong),
        SIZE,
        move |order| fill(&mut producer, order),
        move |order| drain(&mut consumer, order),
    )
}

fn fill(producer: &mut Producer<Element>, order: &Workload) -> Result<Duration> {
    let payload = Payload { verify: order.verify };
    let mut message: Element = [0; SIZE];
    let started = Instant::now();
    for number in 0..order.count {
        payload.write(number, &mut message);
        while producer.push(message).is_err() {
            if producer.is_abandoned() {
                return Err(Error::Disconnected);
            }
            hint::spin_loop();
        }
    }
    Ok(started.elapsed())
}

fn drain(consumer: &mut Consumer<Element>, order: &Workload) -> Result<Duration> {
    let payload = Payload { verify: order.verify };
    let mut started = Instant::now();
    for number in 0..order.count {
        let message = loop {
            match consumer.pop() {
                Ok(message) => break message,
                Err(_) if consumer.is_abandoned() => return Err(Error::Disconnected),
                Err(_) => hint::spin_loop(),
            }
        };
        if number == 0 {
            started = Instant::now();
        }
        payload.read(number, &message)?;
    }
    Ok(started.elapsed())
}
