//! # System V shared memory: the same pages in two processes
//!
//! A process sends a struct to the one that made the segment; here it is a child, which is told the key. (Two programs that
//! are started apart are in `examples/sender.rs` and `receiver.rs`.)
//!
//! ```
//! use std::{env, process::Command, time::Duration};
//!
//! use ipc_shm::{Ring, prelude::*};
//! use zerocopy::{FromBytes, Immutable, IntoBytes};
//!
//! #[derive(Debug, PartialEq, FromBytes, Immutable, IntoBytes)]
//! #[repr(C)]
//! struct Reading {
//!     sensor: u32,
//!     celsius: f32,
//! }
//!
//! const TIMEOUT: Duration = Duration::from_secs(10);
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     if let Some(address) = env::args().nth(1) {
//!         // The child: this program, started again below.
//!         let mut link = Ring::join(&address, &Setup::default(), TIMEOUT)?;
//!         link.typed().send(&Reading { sensor: 7, celsius: 20.5 })?;
//!         return Ok(());
//!     }
//!     let mut meeting = Ring::create(None, &Setup::default())?;
//!     let mut child = Command::new(env::current_exe()?);
//!     meeting.invite(&mut child)?;
//!     let mut child = child.spawn()?;
//!     let mut link = meeting.accept(TIMEOUT)?;
//!     let reading: Reading = link.typed().recv()?;
//!     assert_eq!(reading, Reading { sensor: 7, celsius: 20.5 });
//!     child.wait()?;
//!     Ok(())
//! }
//! ```
//!
//! `shmget(2)` makes a *segment*, pages that the kernel keeps under a number, the key. `shmat(2)` maps them into a
//! process's memory. From then on the kernel is not involved: one process loads what the other stores, with no system
//! call and no copy in between. One segment carries both directions.
//!
//! Memory offers nothing more. It has no messages and no order, it does not wake a reader, and it does not report that
//! the writer has died. This crate builds the rest in two ways, and one of them over POSIX shared memory too, where a
//! name and a descriptor take the place of the key and the id:
//!
//! | variant | type | pages of | messages through | waits by | system calls a message |
//! |---|---|---|---|---|---|
//! | `ring` | [`Ring`] | System V | the suite's [ring](ipc_core::ring), one in each direction | futex | none while both are awake |
//! | `sem` | [`Semaphores`] | System V | one slot in each direction, in lock-step | a System V semaphore array | one to take, one to give, on each side |
//! | `posix` | [`Posix`] | POSIX | as `ring` | futex | as `ring` |
//!
//! | in reading order | what it shows | minutes |
//! |---|---|---:|
//! | **Shared memory, and a counter that two processes share** | | **10** |
//! | `examples/smallest.rs` | the bare calls; run it with `cargo run -p ipc-shm --example shm_smallest` | 1 |
//! | `src/lib.rs` | this page | 6 |
//! | `examples/stage_0_counter.rs` | updates that are lost, and four ways to add without losing one | 3 |
//! | **A ring, built up** | | **7** |
//! | `examples/stage_1` to `stage_4` | a flag, lock-step, a ring, a ring that sleeps | 7 |
//! | **The variant `ring`** | | **12** |
//! | `src/segment.rs` | the segment: made, found, attached, removed | 6 |
//! | `src/meeting.rs`, `src/ring.rs` | how two processes meet at one | 6 |
//! | **The variant `sem`** | | **10 + 11** |
//! | `src/semaphore_array.rs`, `src/sem.rs` | the semaphores, and the meeting | 10 |
//! | `src/lock_step.rs` | messages through one slot each way | 7 |
//! | `src/lock_step/place.rs` | the semaphores taken and given, and noticing when the peer is gone | 4 |
//! | **The variant `posix`** | | **7** |
//! | `src/posix/object.rs`, `src/posix.rs` | an object with a name, and the meeting | 7 |
//! | **The key, and the system calls** | | **14** |
//! | `support/ipc-core/src/key.rs` | the name of a segment, and `ftok` | 6 |
//! | `src/sys.rs` | the calls themselves | 8 |
//! | **What such memory lacks, in scenarios** (the engine is in `support/ipc-demo/src/scenario/`) | | **12** |
//! | `src/scenario/order.rs`, `src/scenario/locks.rs` | the stories: updates, a flag, locks | 5 |
//! | `src/scenario/page.rs`, `src/scenario/step.rs`, `src/scenario/performer.rs` | what a process can do | 4 |
//! | `src/scenario/object.rs`, `src/scenario/sys.rs` | the segment, and what removes it | 3 |
//!
//! **Use it** for large or frequent messages on one host, when a copy or a system call for each costs too much. **Do
//! not use it** where a pipe or a socket is fast enough: there the kernel keeps the messages apart, wakes the reader
//! and cleans up after a dead process. Nor for pointers: the segment is at a different address in each process.
//!
//! **System calls**: `shmget`, `shmat`, `shmctl(IPC_RMID)`, `shmdt`; for the ring, `futex`, only to sleep and to wake a
//! sleeper; for the variant `sem`, `semget`, `semctl`, `semtimedop`; for the variant `posix`, `openat` in `/dev/shm`,
//! `fallocate`, `ftruncate`, `mmap`, `renameat2`, `unlink`.
//!
//! **Pitfalls**, each shown by a test in `tests/behaviour/`: a segment outlives every process until it is removed, so
//! it is marked for removal as soon as both sides are attached, and the kernel does the rest; once marked, it cannot be
//! found by its key any more; the memory goes only when the last process detaches; a key of 0 means "a new one each
//! time"; semaphores cannot be marked, so a process has to remove them; `SEM_UNDO` takes back what a dead process did
//! to the counts, knows nothing of the data, and is wrong where one process takes and another gives. A POSIX object is
//! a file: any process that may write to it can truncate it, and the umask changes its mode.

mod lock_step;
mod meeting;
pub mod posix;
mod ring;
mod segment;
mod sem;
mod semaphore_array;
mod sys;

use ipc_core::{Between, Direction, Medium, Profile, Reach, Unit};

pub use ipc_core::Key;
pub use ipc_core::pages::Pages;
#[doc(inline)]
pub use ipc_core::prelude::{self, *};
pub use ipc_core::ring::{Mapping, ReadGrant, RingLink, RingReceiver, RingSender, WriteGrant, guard};
pub use lock_step::{LockStep, LockStepReceiver, LockStepSender};
pub use posix::Posix;
pub use ring::Ring;
pub use segment::{Segment, SegmentStat};
pub use sem::Semaphores;
pub use semaphore_array::{SemaphoreArray, Undo};
pub use sys::Attached;

/// The shared memory's row of the table.
pub const PROFILE: Profile = Profile {
    name: "shm",
    title: "shared memory (System V)",
    between: Between::AnyTwoProcesses,
    medium: Medium::Memory,
    unit: Unit::Struct,
    direction: Direction::TwoWay,
    reach: Reach::SameHost,
    address: Some("KEY|/NAME"),
};

/// Whether the objects belong to an IPC namespace. Those of POSIX do not, but all variants share their ownership locks.
const IN_IPC_NAMESPACE: bool = true;

/// The variants; the first is the default.
pub type Variants = (Ring, Semaphores, Posix);

/// True if the errno says that an object is gone: removed before, or during, the call.
fn gone(errno: Errno) -> bool {
    matches!(errno, Errno::EINVAL | Errno::EIDRM)
}
