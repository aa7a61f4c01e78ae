//! The bare system calls: the same exchange with nothing of this suite around the calls.
//!
//! A *baseline*, which the command line calls the floor, is the cost of a mechanism without any convenience: no trait,
//! no frames, no histogram, no check for a dead peer. It shows how much of a measured time is due to the kernel and the
//! machine, and how much to the suite. Read one of these files to see how a mechanism is used with nothing in between:
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
//! Shared code: `registry.rs`, the variant to which each file belongs; `loops.rs`, the loops around the calls;
//! `waiting.rs`, the ways to wait; `control.rs`, the orders to the two processes (never inside a measurement);
//! `processes.rs`, the two processes; `sys.rs`, the calls that need `unsafe`.
//!
//! Measured beside the suite: `overhead.rs`, a case and its baseline in turns; `rounds.rs`, how they take turns;
//! `in_place.rs` and `ring_crate.rs`, a ring without copies and a ring crate; `limits.rs`, the best that the machine
//! can do.
//!
//! # Common to both sides of a ratio
//! The payload: every byte is written before it is sent and read after it has arrived, by the same code. The placement
//! of the two processes. The clock: the time of a whole round of some milliseconds, divided by the messages in it. The
//! start: both processes are awake before the clock starts.
//!
//! # On one side only
//! A baseline is what a C programmer would write for this exchange alone. Each process has a single thread, which the
//! process checks: even an idle second one makes each call with a descriptor slower. No wait has a time limit: a third
//! process notices when one of the two has ended. Descriptors that are polled have `O_NONBLOCK`.
//!
//! # The baseline of each wait strategy
//! For `block`, the call that sleeps. For `spin`, the call that does not, repeated; with `sched_yield` in between where
//! both processes share a core. For `hybrid`, the better of the two for a peer that answers at once: polling where each
//! process has a core of its own, sleeping where they share one.

mod bare;
mod blocks;
mod control;
mod ends;
pub(super) mod in_place;
pub(super) mod limits;
mod loops;
mod memory;
mod msgq;
pub(super) mod overhead;
mod pipe;
mod posix;
pub(super) mod processes;
mod registry;
mod ring_crate;
pub(super) mod rounds;
mod semaphore;
mod socket;
mod sys;
mod waiting;
