//! What the bare system calls look like: the same exchange without anything of this suite around the calls.
//!
//! A *floor* is what a mechanism costs before anybody makes it comfortable: no trait, no frames, no histogram, no look
//! after a peer that may have died. It tells how much of a measured time is the kernel's and the machine's, and how
//! much is ours. Read one of these files to see how a mechanism is used with nothing in between:
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
//! What they have in common: `exchange.rs`, the loops around the calls; `waiting.rs`, how they wait; `control.rs`, how
//! the two processes are told what to play (never inside a measurement); `stage.rs`, the two processes; `sys.rs`, the
//! calls that need `unsafe`.
//!
//! # What is alike on both sides of a ratio
//! The payload: every byte written before it is sent and read after it has come, by the same code. The placement of
//! the two processes. The clock: the time of a whole round of some milliseconds, divided by the messages in it. The
//! start: both processes are awake before the clock is.
//!
//! # What the floor of a strategy of waiting is
//! Of `block`, the call that sleeps. Of `spin`, the call that does not, repeated; with `sched_yield` in between where
//! both processes share a core. Of `hybrid`, the better of the two for a peer that answers at once: polling where each
//! process has a core of its own, sleeping where they share one.

mod control;
mod exchange;
mod memory;
mod msgq;
mod pipe;
mod posix;
mod semaphore;
mod socket;
mod stage;
mod sys;
mod waiting;

use std::os::fd::OwnedFd;
use std::time::Duration;

use ipc_core::cpus::Role;
use ipc_core::lease::Lease;
use ipc_core::play::Order;
use ipc_core::{Error, Result};

use crate::Case;
pub(crate) use stage::{ping, serve_if_invited};
use waiting::{Patience, Way};

/// A mechanism used by bare calls.
#[derive(Clone, Debug)]
pub struct Floor {
    /// Short name of the mechanism.
    mechanism: String,
    /// Which way it is built.
    variant: String,
    /// How both sides wait.
    way: Way,
    /// The sender of a stream writes so many bytes at once; `None` for the whole message.
    pub piece: Option<usize>,
    /// Length of the messages.
    size: usize,
}

/// What one process holds: descriptors, and the number of an object that has none.
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
    /// Sees to it that nothing is left of an object that outlives its users.
    lease: Option<Lease>,
}

/// Plays one order by bare calls and returns how long that took: for ping of a round trip and for pong of a stream.
type Side = Box<dyn FnMut(&Order) -> nix::Result<Duration>>;

impl Floor {
    /// The floor of a case.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        Self {
            mechanism: case.member.profile.name.into(),
            variant: case.variant.into(),
            way: Way::of(case.wait, case.placement),
            piece: None,
            size: case.size,
        }
    }

    /// The same with a sender that writes `piece` bytes at once.
    #[must_use]
    pub fn in_pieces(self, piece: usize) -> Self {
        Self { piece: Some(piece), ..self }
    }

    /// Makes what the two talk through.
    fn make(&self) -> Result<Made> {
        match (self.mechanism.as_str(), self.variant.as_str()) {
            ("pipe", _) => pipe::make(),
            ("fifo", _) => pipe::make_named(),
            ("msgq", "sysv") => msgq::make(),
            ("msgq", "posix") => posix::make(self.size),
            ("socket", variant) => socket::make(variant, self.size),
            ("shm", "sem") => semaphore::make(self.size),
            ("shm" | "mmap", _) => memory::make(self.size),
            (mechanism, variant) => Err(Error::Usage(format!("no floor for {mechanism} ({variant})"))),
        }
    }

    /// One side of the exchange.
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
