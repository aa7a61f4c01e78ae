//! [rtrb](https://docs.rs/rtrb): a ring between one producer and one consumer. Its memory is that of one process, so it
//! plays between two threads, each on the CPU of its process: that is what a ring costs where both sides trust each other.

use ::rtrb::{Consumer, Producer, RingBuffer};
use ipc_core::{Error, Result};
use ipc_demo::cpus::Role;

use crate::link::{Sides, Through, Transfer};
use crate::participants::{Exchange, Participant, Where};
use crate::setup::{Setup, Waiting};

/// The type of its elements has a size, which is that of the messages.
const SIZE: usize = 64;
type Element = [u8; SIZE];

/// The same number of bytes as in a ring of the suite.
const CAPACITY: usize = ipc_core::ring::CAPACITY / SIZE;

pub fn participant() -> Participant {
    let implementation = || format!("rtrb {} threads", env!("VERSION_RTRB"));
    let (name, beside, sides) = ("rtrb".into(), ("shm", "ring"), Where::Threads(sides));
    Participant { name, implementation, beside, flush_every: 1, refusal, sides, clean: |_| {} }
}

fn refusal(exchange: &Exchange) -> Option<&'static str> {
    if !exchange.polls() {
        return Some("it has no call that sleeps");
    }
    (exchange.size != SIZE).then_some("its elements have a type: here one of 64 bytes")
}

struct Rings {
    producer: Producer<Element>,
    consumer: Consumer<Element>,
    waiting: Waiting,
    message: Element,
}

fn sides(setup: &Setup) -> Result<Sides> {
    let (to_pong, from_ping) = RingBuffer::new(CAPACITY);
    let (to_ping, from_pong) = RingBuffer::new(CAPACITY);
    let waiting = setup.waiting()?;
    let rings = |producer, consumer| Rings { producer, consumer, waiting, message: [1; SIZE] };
    Ok((
        Box::new(Through::new(rings(to_pong, from_pong), Role::Ping)),
        Box::new(Through::new(rings(to_ping, from_ping), Role::Pong)),
    ))
}

impl Transfer for Rings {
    #[inline]
    fn send(&mut self, _: usize, write: impl FnOnce(&mut [u8])) -> Result<()> {
        write(&mut self.message);
        let (producer, message) = (&mut self.producer, self.message);
        self.waiting.until(|| match producer.push(message) {
            Ok(()) => Ok(Some(())),
            Err(_) if producer.is_abandoned() => Err(Error::Disconnected),
            Err(_) => Ok(None),
        })
    }

    #[inline]
    fn receive(&mut self, _: usize, read: impl FnOnce(&[u8]) -> Result<()>) -> Result<()> {
        let consumer = &mut self.consumer;
        let message = self.waiting.until(|| match consumer.pop() {
            Ok(message) => Ok(Some(message)),
            Err(_) if consumer.is_abandoned() => Err(Error::Disconnected),
            Err(_) => Ok(None),
        })?;
        read(&message)
    }
}
