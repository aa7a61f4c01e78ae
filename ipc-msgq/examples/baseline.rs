//! The overhead of the crate over the bare system calls: round trips between two processes on one core, through each
//! layer in turn, repeatedly, so that all layers see the same machine.
//!
//! ```console
//! $ cargo run --release -p ipc-msgq --example baseline
//! ```
//!
//! | layer | each side's work for a message |
//! |---|---|
//! | bare | `msgsnd` and `msgrcv` of the C library, on a struct |
//! | again | the same: the difference between two measurements of one thing on this machine |
//! | queue | [`Queue::send`] and [`Queue::recv`] of a [`Message`] |
//! | typed | the same with a struct, copied in and out: [`TypedQueue`] |
//! | link | `send` and `recv` of the link, which watch the peer |
#![allow(unsafe_code)] // the baseline has to be bare

use std::process::Command;
use std::time::{Duration, Instant};

use ipc_core::{Mechanism, Receiver, Result, Sender, Setup};
use ipc_demo::cpus::{Cpus, Role};
use ipc_msgq::{Message, MessageType, Queue, QueueId, SystemV, SystemVLink, TypedQueue};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// A payload of 64 bytes.
#[derive(Clone, Copy, FromBytes, Immutable, IntoBytes)]
#[repr(C)]
struct Payload([u64; 8]);

/// `struct msgbuf` for the payload.
#[repr(C)]
struct Buffer {
    mtype: libc::c_long,
    mtext: Payload,
}

const LAYERS: [&str; 5] = ["bare", "again", "queue", "typed", "link"];
const ROUNDS: usize = 2000;
const TRIPS: u64 = 100;
const TIMEOUT: Duration = Duration::from_secs(10);

/// One of the two processes.
struct Participant {
    id: libc::c_int,
    own: MessageType,
    other: MessageType,
    queue: Queue,
    message: Message,
    typed: TypedQueue<Payload>,
    link: SystemVLink,
    starts: bool,
}

impl Participant {
    fn new(queue: Queue, link: SystemVLink, starts: bool) -> Self {
        let types = [1, 2].map(|number| MessageType::new(number).expect("1 or more"));
        let [own, other] = if starts { types } else { [types[1], types[0]] };
        let message = Message::new(own, Payload([0; 8]).as_bytes());
        Self { id: queue.id().get(), own, other, queue, message, typed: queue.typed(), link, starts }
    }

    fn send(&mut self, layer: usize, number: u64) -> Result<()> {
        let payload = Payload([number; 8]);
        match layer {
            0 | 1 => {
                let buffer = Buffer { mtype: self.own.get(), mtext: payload };
                // SAFETY: `buffer` has a type and `size_of::<Payload>()` bytes behind it.
                let sent =
                    unsafe { libc::msgsnd(self.id, (&raw const buffer).cast(), size_of::<Payload>(), 0) };
                assert_eq!(sent, 0, "msgsnd");
            }
            2 => {
                self.message.set_kind(self.own);
                self.message.set_text(size_of::<Payload>()).copy_from_slice(payload.as_bytes());
                self.queue.send(&self.message)?;
            }
            3 => self.typed.send(self.own, &payload)?,
            _ => self.link.send(payload.as_bytes())?,
        }
        Ok(())
    }

    fn recv(&mut self, layer: usize) -> Result<u64> {
        Ok(match layer {
            0 | 1 => {
                let mut buffer = Buffer { mtype: 0, mtext: Payload([0; 8]) };
                let memory = (&raw mut buffer).cast();
                // SAFETY: `buffer` has room for a type and `size_of::<Payload>()` bytes behind it.
                let len = unsafe { libc::msgrcv(self.id, memory, size_of::<Payload>(), self.other.get(), 0) };
                assert_eq!(len, size_of::<Payload>().cast_signed(), "msgrcv");
                buffer.mtext.0[7]
            }
            2 => {
                self.queue.recv(self.other, &mut self.message)?;
                Payload::read_from_bytes(self.message.text()).expect("of this size").0[7]
            }
            3 => self.typed.recv(self.other)?.1.0[7],
            _ => {
                let mut payload = Payload([0; 8]);
                self.link.recv(payload.as_mut_bytes())?;
                payload.0[7]
            }
        })
    }

    /// Measures one round and returns the time of a round trip in nanoseconds.
    fn round(&mut self, layer: usize) -> Result<f64> {
        let started = Instant::now();
        for number in 0..TRIPS {
            if self.starts {
                self.send(layer, number)?;
            }
            let received = self.recv(layer)?;
            assert_eq!(received, number);
            if !self.starts {
                self.send(layer, number)?;
            }
        }
        Ok(started.elapsed().as_nanos() as f64 / TRIPS as f64)
    }

    /// Runs all rounds of all layers, each round in another order, and returns the times of each layer.
    fn run(&mut self) -> Result<[Vec<f64>; LAYERS.len()]> {
        let mut times = [(); LAYERS.len()].map(|()| Vec::with_capacity(ROUNDS));
        for round in 0..ROUNDS {
            for place in 0..LAYERS.len() {
                let layer = (round + place) % LAYERS.len();
                times[layer].push(self.round(layer)?);
            }
        }
        Ok(times)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() -> Result<()> {
    let setup = Setup::default();
    let _ = Cpus::Same.bind(Role::Ping)?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [id, address] = &arguments[..] {
        let queue = Queue::from_id(QueueId::new(id.parse().expect("the id of a queue")));
        let link = SystemV::join(address, &setup, TIMEOUT)?;
        return Participant::new(queue, link, false).run().map(drop);
    }

    let queue = Queue::private(0o600)?.owned();
    let mut meeting = SystemV::create(None, &setup)?;
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program);
    child.args([queue.id().to_string(), meeting.address()]);
    let mut child = child.spawn().expect("this program can be run");
    let times = meeting.accept(TIMEOUT).and_then(|link| Participant::new(*queue, link, true).run());
    let _ = child.wait();
    let times = times?;

    for (name, layer) in LAYERS.iter().zip(&times) {
        let ratios = layer.iter().zip(&times[0]).map(|(time, bare)| time / bare).collect();
        println!("{name:>6} {:7.0} ns, {:.3} of bare", median(layer.clone()), median(ratios));
    }
    Ok(())
}
