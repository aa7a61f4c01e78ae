//! The parts that the six mechanisms of the suite share. Read in this order:
//!
//! | file | what it is |
//! |---|---|
//! | `transport.rs` | [`Transport`]: a connected end that moves whole messages; [`Sender`] and [`Receiver`], its halves |
//! | `mechanism.rs` | [`Mechanism`]: how two processes meet |
//! | `profile.rs` | [`Profile`]: the course's table as data |
//! | `error.rs` | [`Error`]: what can go wrong, and what to do about it |
//! | `wait.rs` | [`Wait`]: block, spin or hybrid, for all six |
//! | `framed.rs` | [`Framed`]: messages over a byte stream (pipe, FIFO, stream sockets); `framed/frame.rs` is the whole idea |
//! | `ring/` | [`ring`]: messages through shared memory (shm, mmap) |
//! | `key.rs` | [`Key`]: the name of a System V object (msgq, shm) |
//! | `ipc_perm.rs` | [`IpcPerm`]: the owner, creator and mode of a System V object |
//! | `process.rs` | [`process`]: finding out whether the peer is still alive, and being woken at its end |
//! | `thread_id.rs` | [`ThreadId`]: a thread that can be sent signals |
//! | `descriptor_table.rs` | [`DescriptorTable`]: what it costs that threads share their descriptors |
//! | `background.rs` | [`background`]: threads that sleep, and cost the others nothing |
//! | `shared_file.rs` | two processes that meet at the ring in a file (shm, mmap) |
//! | `pages.rs` | [`pages`]: mapped memory in huge pages, or populated in advance |
//! | `trace.rs` | following a process from one system call to the next, for tests and measurements |
//! | `deadline.rs`, `ready.rs` | [`Deadline`]: when a wait ends; [`wait_readable`], [`wait_writable`]: waiting for descriptors |
//! | `prelude.rs` | [`prelude`]: what a program that uses a link needs; each crate of the six exports it |
//! | `flock.rs` | [`flock`]: locks that end with a process |
//! | `ownership.rs` | [`ownership`]: nothing leaks, even after a `SIGKILL` |
//!
//! Nothing here knows a command line: the ping-pong and the demos' `main` are in `ipc-demo`, the contract as a test
//! suite is in `ipc-conformance`.

#[cfg(not(target_os = "linux"))]
compile_error!(
    "This suite is about Linux: System V queues, futexes and pidfds behave as Linux defines them."
);

#[cfg(not(target_pointer_width = "64"))]
compile_error!(
    "This suite needs a 64-bit target: a message type, which is a C long, carries 62 random bits; the ring needs 64-bit \
     atomics; and on 32 bits C libraries disagree on the width of the times and file offsets that the kernel is given."
);

pub mod background;
mod deadline;
mod descriptor_table;
mod error;
pub mod flock;
mod framed;
pub mod interrupt;
mod ipc_perm;
mod key;
mod mechanism;
mod note;
pub mod ownership;
pub mod pages;
mod posix_name;
pub mod prelude;
pub mod process;
mod profile;
mod random;
mod ready;
pub mod ring;
#[cfg(feature = "shared-file")]
pub mod shared_file;
mod sys;
mod thread_id;
#[cfg(feature = "trace")]
pub mod trace;
mod transport;
mod wait;

pub use deadline::{Deadline, poll_for};
pub use descriptor_table::{DescriptorTable, copy_from_process, set_mode};
pub use error::{Advise, Call, Error, OsError, Result};
pub use framed::{
    ByteSink, ByteSource, ChunkSizes, Framed, FramedReceiver, FramedSender, MAX_MESSAGE, Mode, PIPE_SIZE,
    enlarge_pipe, pipe_size,
};
pub use ipc_perm::IpcPerm;
pub use key::{Key, ProjectId};
pub use mechanism::{Mechanism, Options, Setup, Switch, Variants, Visitor};
pub use posix_name::PosixName;
pub use profile::{
    Between, Clients, Direction, Medium, Persistence, Profile, Reach, Server, Shared, Unit, Variant,
};
pub use random::random;
pub use ready::{retry_on_eintr, retry_when_writable, wait_readable, wait_writable};
pub use thread_id::ThreadId;
pub use transport::{DROP_FLUSHES_FOR, Endpoint, Receiver, Sender, Split, Transport, Typed, last_look};
pub use wait::{POLL_LIMIT, Streak, Wait, Waiting};
