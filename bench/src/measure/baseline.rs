//! The bare system calls: the same exchange with nothing of this suite around the calls.
//!
//! A *floor* is the cost of a mechanism without any convenience: no trait, no frames, no histogram, no check for a dead
//! peer. It shows how much of a measured time is due to the kernel and the machine, and how much to the suite. Read one
//! of these files to see how a mechanism is used with nothing in between:
//!
//! | file | mechanism | to send | to receive | waits by polling |
//! |---|---|---|---|---|
//! | `pipe.rs` | pipe, FIFO | `write` | `read` | `O_NONBLOCK` |
//! | `msgq.rs` | message queue, System V | `msgsnd` | `msgrcv` | `IPC_NOWAIT` |
//! | `posix.rs` | message queue, POSIX | `mq_send` | `mq_receive` | `O_NONBLOCK` |
//! | `socket.rs` | socket, all three kinds | `send` | `recv` | `MSG_DONTWAIT` |
//! | `memory.rs` | shared memory, memory map | a copy, a store with release | a load with acquire, a copy | a load |
//! | `semaphore.rs` | shared memory with semaphores | a copy, `semop` | `semop`, a copy | `IPC_NOWAIT` |
//!
//! Shared code: `exchange.rs`, the loops around the calls; `waiting.rs`, the ways to wait; `control.rs`, the orders to
//! the two processes (never inside a measurement); `stage.rs`, the two processes; `sys.rs`, the calls that need
//! `unsafe`.
//!
//! # Common to both sides of a ratio
//! The payload: every byte is written before it is sent and read after it has arrived, by the same code. The placement
//! of the two processes. The clock: the time of a whole round of some milliseconds, divided by the messages in it. The
//! start: both processes are awake before the clock starts.
//!
//! # The floor of each wait strategy
//! For `block`, the call that sleeps. For `spin`, the call that does not, repeated; with `sched_yield` in between where
//! both processes share a core. For `hybrid`, the better of the two for a peer that answers at once: polling where each
//! process has a core of its own, sleeping where they share one.

mod control;
mod exchange;
pub(super) mod in_place;
pub mod limits;
mod memory;
mod msgq;
pub mod overhead;
mod pipe;
mod posix;
mod ring_crate;
pub mod rounds;
mod semaphore;
mod socket;
pub(super) mod stage;
mod sys;
mod waiting;

use std::os::fd::OwnedFd;
use std::time::Duration;

use ipc_core::ownership::OwnershipLock;
use ipc_core::{Error, Result};
use ipc_demo::cpus::Role;
use ipc_demo::exchange::Workload;

use crate::measure::baseline::waiting::{Patience, Way};
use crate::results::case::Case;

/// A mechanism used by bare calls.
#[derive(Clone, Debug)]
pub struct Floor {
    /// Short name of the mechanism.
    mechanism: String,
    /// The variant of the mechanism.
    variant: String,
    /// The way in which both sides wait.
    way: Way,
    /// The number of bytes that the sender of a stream writes at once; `None` for the whole message.
    pub piece: Option<usize>,
    /// Length of the messages.
    size: usize,
    /// Buffers in shared memory.
    slots: usize,
}

/// The objects of one process: descriptors, and the number of an object that has none.
#[derive(Debug, Default)]
struct Ends {
    descriptors: Vec<OwnedFd>,
    number: i32,
}

/// Both ends of a mechanism.
#[derive(Debug)]
struct Made {
    ping: Ends,
    pong: Ends,
    /// Removes an object that would outlive its users.
    ownership: Option<OwnershipLock>,
}

/// Plays one order by bare calls and returns its time: on ping for a round trip, on pong for a stream.
type Side = Box<dyn FnMut(&Workload) -> nix::Result<Duration>>;

impl Floor {
    /// Returns the floor of a case.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        Self {
            mechanism: case.member.profile.name.into(),
            variant: case.variant.into(),
            way: Way::of(case.wait, case.placement),
            piece: None,
            size: case.size,
            slots: 2,
        }
    }

    /// Returns a flag without a payload, handed back and forth by polling: one cache line between two cores.
    #[must_use]
    pub fn handover() -> Self {
        let (mechanism, variant) = ("shm".into(), "ring".into());
        Self { mechanism, variant, way: Way::Poll, piece: None, size: 0, slots: 1 }
    }

    /// Returns the same floor with a sender that writes `piece` bytes at once.
    #[must_use]
    pub fn in_pieces(self, piece: usize) -> Self {
        Self { piece: Some(piece), ..self }
    }

    /// Returns the same floor with as many buffers as fit into a ring of the suite.
    #[must_use]
    pub fn with_many_slots(self) -> Self {
        Self { slots: (ipc_core::ring::CAPACITY / sys::Shared::slot_len(self.size)).max(2), ..self }
    }

    /// Creates the medium through which the two sides talk.
    fn make(&self) -> Result<Made> {
        match (self.mechanism.as_str(), self.variant.as_str()) {
            ("pipe", _) => pipe::make(),
            ("fifo", _) => pipe::make_named(),
            ("msgq", "sysv") => msgq::make(),
            ("msgq", "posix") => posix::make(self.size),
            ("socket", variant) => socket::make(variant, self.size),
            ("shm", "sem") => semaphore::make(self.size),
            ("shm" | "mmap", _) => memory::make(self.size, self.slots),
            (mechanism, variant) => Err(Error::Usage(format!("no floor for {mechanism} ({variant})"))),
        }
    }

    /// Returns one side of the exchange.
    fn side(&self, role: Role, ends: Ends, patience: Patience) -> Result<Side> {
        match (self.mechanism.as_str(), self.variant.as_str()) {
            ("pipe" | "fifo", _) => pipe::side(role, ends, self.piece, patience),
            ("msgq", "sysv") => Ok(msgq::side(role, &ends, patience)),
            ("msgq", _) => posix::side(role, ends, patience),
            ("socket", "unix-seqpacket") => socket::packets(role, ends, patience),
            ("socket", _) => socket::stream(role, ends, self.piece, patience),
            ("shm", "sem") => semaphore::side(role, &ends, patience),
            _ => memory::side(role, &ends, patience),
        }
    }
}
