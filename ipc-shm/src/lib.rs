//! # System V shared memory: the same pages in two processes
//!
//! `shmget(2)` makes a *segment*, pages that the kernel keeps under a number, the key. `shmat(2)` puts them into a
//! process's memory. From then on the kernel is out of the way: what one process stores, the other loads, with no
//! system call and no copy in between. One segment carries both ways.
//!
//! That is also all there is. Memory has no messages, no order, nobody to wake a reader, and nobody to tell that
//! the writer has died. This crate builds the rest in two ways, and one of them over POSIX shared memory too, where
//! a name and a descriptor stand in place of the key and the id:
//!
//! | variant | pages of | messages through | waits by | system calls a message |
//! |---|---|---|---|---|
//! | `ring` | System V | the suite's [ring](ipc_core::ring), one in each direction | futex | none while both are awake |
//! | `sem` | System V | one slot in each direction, in lock-step | a System V semaphore array | one to take, one to give, on each side |
//! | `posix` | POSIX | as `ring` | futex | as `ring` |
//!
//! The files, in reading order: `ipc-core/src/key.rs` (the name), `segment.rs` (the segment), `meeting.rs` (how the two
//! meet), `semaphores.rs` and `lock_step.rs` (the variant `sem`), `posix/` (the variant `posix`), `link.rs` (one of the
//! three), this file (which of them), `sys.rs` (the calls).
//!
//! **Use it** for large or frequent messages on one host, when a copy or a system call for each is too much. **Do
//! not use it** where a pipe or a socket is fast enough: there the kernel keeps the messages apart, wakes the
//! reader and closes up after the dead. Nor for pointers: the segment is at another address in each process.
//!
//! **System calls**: `shmget`, `shmat`, `shmctl(IPC_RMID)`, `shmdt`; the ring `futex`, only to sleep and to wake a
//! sleeper; the variant `sem` `semget`, `semctl`, `semtimedop`; the variant `posix` `openat` in `/dev/shm`, `fallocate`,
//! `ftruncate`, `mmap`, `renameat2`, `unlink`.
//!
//! **Pitfalls**, each shown by a test in `tests/behaviour/`: a segment outlives every process until somebody
//! removes it, so it is marked for removal as soon as both are attached, and the kernel does the rest; once marked
//! it cannot be found by its key any more; the memory goes only with the last who detaches; a key of 0 means "a new
//! one each time"; semaphores cannot be marked, so somebody has to remove them; `SEM_UNDO` takes back what a dead
//! process did to the counts, knows nothing of the data, and is wrong where one process takes and another gives. An
//! object of POSIX is a file: whoever may write to it can cut it short, and the umask changes its mode.

mod link;
mod lock_step;
mod meeting;
pub mod posix;
mod segment;
mod semaphores;
mod sys;

use std::time::Duration;

use ipc_core::lease::Note;
use ipc_core::{
    Between, Clients, Direction, Mechanism, Medium, Persistence, Profile, Reach, Result, Setup, Shared, Unit,
    Variant,
};
use nix::errno::Errno;

pub use ipc_core::Key;
pub use link::Link;
pub use lock_step::LockStep;
pub use segment::{Segment, SegmentStat};
pub use semaphores::{Semaphores, Undo};
pub use sys::{Attached, Mapped};

/// Shared memory with one side attached, until the other comes. See the [crate](self).
#[derive(Debug)]
pub struct Shm(Meeting);

#[derive(Debug)]
enum Meeting {
    SystemV(meeting::Meeting),
    Posix(posix::Meeting),
}

/// The variants that are not the default.
const LOCK_STEP: &str = "sem";
const POSIX: &str = "posix";

/// Whether that errno says that an object is gone: removed before, or during, the call.
fn gone(errno: Errno) -> bool {
    matches!(errno, Errno::EINVAL | Errno::EIDRM)
}

impl Mechanism for Shm {
    const IN_IPC_NAMESPACE: bool = true;

    const PROFILE: Profile = Profile {
        name: "shm",
        title: "shared memory (System V)",
        variants: &[
            Variant {
                name: "ring",
                summary: "a ring in each direction, futex to sleep",
                unit: Unit::Struct,
                reach: Reach::SameHost,
                persistence: Persistence::Kernel,
                remains: true,
                clients: Clients::One,
                shares: &[Shared::IpcNamespace],
            },
            Variant {
                name: LOCK_STEP,
                summary: "one slot in each direction, a semaphore array",
                unit: Unit::Struct,
                reach: Reach::SameHost,
                persistence: Persistence::Kernel,
                remains: true,
                clients: Clients::One,
                shares: &[Shared::IpcNamespace],
            },
            Variant {
                name: POSIX,
                summary: "an object of shm_open(3), a ring in each direction",
                unit: Unit::Struct,
                reach: Reach::SameHost,
                persistence: Persistence::Kernel,
                remains: true,
                clients: Clients::One,
                shares: &[Shared::DevShm],
            },
        ],
        between: Between::AnyTwoProcesses,
        medium: Medium::Memory,
        unit: Unit::Struct,
        direction: Direction::TwoWay,
        reach: Reach::SameHost,
        address: Some("KEY|/NAME"),
    };

    type Link = Link;

    fn create(address: Option<&str>, setup: &Setup) -> Result<Self> {
        Ok(Self(match setup.variant {
            POSIX => Meeting::Posix(posix::Meeting::create(address, setup)?),
            _ => Meeting::SystemV(meeting::Meeting::create(address, setup)?),
        }))
    }

    fn address(&self) -> String {
        match &self.0 {
            Meeting::SystemV(meeting) => meeting.address(),
            Meeting::Posix(meeting) => meeting.address(),
        }
    }

    fn describe(&self) -> String {
        match &self.0 {
            Meeting::SystemV(meeting) => meeting.describe(),
            Meeting::Posix(meeting) => meeting.describe(),
        }
    }

    fn accept(&mut self, timeout: Duration) -> Result<Link> {
        match &mut self.0 {
            Meeting::SystemV(meeting) => meeting.accept(timeout),
            Meeting::Posix(meeting) => meeting.accept(timeout).map(Link::Posix),
        }
    }

    fn join(address: &str, setup: &Setup, timeout: Duration) -> Result<Link> {
        match setup.variant {
            POSIX => posix::Meeting::join(address, setup, timeout).map(Link::Posix),
            _ => meeting::Meeting::join(address, setup, timeout),
        }
    }

    /// Of System V alone: the lease removes names in `/dev/shm` by itself.
    fn reclaim(note: &Note) -> Result<()> {
        meeting::Meeting::reclaim(note)
    }
}
