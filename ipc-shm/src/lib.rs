//! # System V shared memory: the same pages in two processes
//!
//! `shmget(2)` makes a *segment*, pages that the kernel keeps under a number, the key. `shmat(2)` puts them into a
//! process's memory. From then on the kernel is out of the way: what one process stores, the other loads, with no
//! system call and no copy in between. One segment carries both ways.
//!
//! That is also all there is. Memory has no messages, no order, nobody to wake a reader, and nobody to tell that
//! the writer has died. This crate builds the rest in two ways:
//!
//! | variant | messages through | waits by | system calls a message |
//! |---|---|---|---|
//! | `ring` | the suite's [ring](ipc_core::ring), one in each direction | futex | none while both are awake |
//! | `sem` | one slot in each direction, in lock-step | a System V semaphore array | one to take, one to give, on each side |
//!
//! The files, in reading order: `ipc-core/src/key.rs` (the name), `segment.rs` (the segment), this file (how the two meet),
//! `semaphores.rs` and `lock_step.rs` (the variant `sem`), `link.rs` (one of the two), `sys.rs` (the calls).
//!
//! **Use it** for large or frequent messages on one host, when a copy or a system call for each is too much. **Do
//! not use it** where a pipe or a socket is fast enough: there the kernel keeps the messages apart, wakes the
//! reader and closes up after the dead. Nor for pointers: the segment is at another address in each process.
//!
//! **System calls**: `shmget`, `shmat`, `shmctl(IPC_RMID)`, `shmdt`; the ring `futex`, only to sleep and to wake a
//! sleeper; the variant `sem` `semget`, `semctl`, `semtimedop`.
//!
//! **Pitfalls**, each shown by a test in `tests/behaviour/`: a segment outlives every process until somebody
//! removes it, so it is marked for removal as soon as both are attached, and the kernel does the rest; once marked
//! it cannot be found by its key any more; the memory goes only with the last who detaches; a key of 0 means "a new
//! one each time"; semaphores cannot be marked, so somebody has to remove them; `SEM_UNDO` takes back what a dead
//! process did to the counts, knows nothing of the data, and is wrong where one process takes and another gives.

mod link;
mod lock_step;
mod segment;
mod semaphores;
mod sys;

use std::time::Duration;

use ipc_core::lease::Lease;
use ipc_core::ring::{Kind, Region, RingLink, SEGMENT_LEN, Seat, poll_for};
use ipc_core::{Between, Direction, Error, Mechanism, Medium, Profile, Reach, Result, Setup, Unit, Variant};
use nix::errno::Errno;

pub use ipc_core::Key;
pub use link::Link;
pub use lock_step::LockStep;
pub use segment::{Segment, SegmentStat};
pub use semaphores::{Semaphores, Undo};
pub use sys::Attached;

/// A segment with one side attached, until the other comes. See the [crate](self).
#[derive(Debug)]
pub struct Shm {
    key: Key,
    segment: Segment,
    semaphores: Option<Semaphores>,
    /// Until they are handed out by `accept`. The lease is dropped last: it removes what nobody came for.
    waiting: Option<(Seat<Attached>, Lease)>,
}

const LOCK_STEP: &str = "sem";

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
            Variant { name: "ring", summary: "a ring in each direction, futex to sleep" },
            Variant { name: LOCK_STEP, summary: "one slot in each direction, a semaphore array" },
        ],
        between: Between::AnyTwoProcesses,
        medium: Medium::Memory,
        unit: Unit::Struct,
        direction: Direction::TwoWay,
        reach: Reach::SameHost,
        address: Some("KEY"),
    };

    type Link = Link;

    // ANCHOR: create
    fn create(address: Option<&str>, setup: &Setup) -> Result<Self> {
        let key = address.map_or_else(|| Ok(Key::fresh()), str::parse)?;
        let lease = Lease::take::<Self>(Some(&key.to_string()))?;
        if Segment::find(key)?.is_none() {
            // First the note, then the segment: a kill in between leaves a note of nothing.
            lease.record(&segment::note(key))?;
        }
        let segment = Segment::create(key, SEGMENT_LEN, setup.mode)?;
        let region = Region::new(segment.attach()?)?;
        let (semaphores, seat) = if setup.variant == LOCK_STEP {
            let semaphores = make_semaphores(&region, &lease, setup.mode)?;
            (Some(semaphores), Seat::create(region, Kind::LockStep))
        } else {
            (None, Seat::create(region, Kind::Ring))
        };
        Ok(Self { key, segment, semaphores, waiting: Some((seat, lease)) })
    }
    // ANCHOR_END: create

    fn address(&self) -> String {
        self.key.to_string()
    }

    fn describe(&self) -> String {
        let segment = format!("shared memory segment {} with key {}", self.segment.id(), self.key);
        match self.semaphores {
            Some(semaphores) => format!("{segment}, semaphore array {}", semaphores.id()),
            None => segment,
        }
    }

    // ANCHOR: accept
    fn accept(&mut self, timeout: Duration) -> Result<Self::Link> {
        let over = || Error::Usage("this meeting is over".into());
        let (seat, _) = self.waiting.as_mut().ok_or_else(over)?;
        seat.wait_for_peer(&self.key.to_string(), timeout)?;
        // Both are attached. From here on the kernel frees the segment with the last of them.
        self.segment.mark_for_removal()?;
        let (seat, lease) = self.waiting.take().ok_or_else(over)?;
        Ok(match self.semaphores {
            // Of the ring nothing is left to remove, so the lease goes, and the key is free for others.
            None => Link::Ring(RingLink::new(seat)),
            Some(semaphores) => Link::LockStep(LockStep::new(seat, semaphores, Some(lease))),
        })
    }
    // ANCHOR_END: accept

    // ANCHOR: join
    fn join(address: &str, setup: &Setup, timeout: Duration) -> Result<Self::Link> {
        let key: Key = address.parse()?;
        let nobody = || format!("nobody is at {key}: start `ipc-shm pong {key}` first");
        poll_for(timeout, nobody, || match Segment::find(key)? {
            Some(segment) => unless_gone(try_join(key, segment, setup)),
            None => Ok(None),
        })
    }
    // ANCHOR_END: join

    fn reclaim(record: &str) -> Result<()> {
        let mut words = record.split(' ');
        let (kind, key, pid) = (words.next(), words.next(), words.next());
        let Some(Ok(key)) = key.map(str::parse::<Key>) else { return Ok(()) };
        let reclaimed = match (kind, pid.map(str::parse)) {
            (Some("shm"), Some(Ok(pid))) => segment::reclaim(key, pid),
            (Some("sem"), None) => semaphores::reclaim(key),
            _ => Ok(()),
        };
        unless_gone(reclaimed.map(Some)).map(drop)
    }
}

/// Makes the semaphores of a lock-step and leaves their key in the segment. They have a key of their own: the
/// other side cannot find them before they are initialised, and a fresh key is surely nobody else's to remove.
fn make_semaphores(region: &Region<Attached>, lease: &Lease, mode: u32) -> Result<Semaphores> {
    let key = Key::fresh();
    lease.record(&semaphores::note(key))?;
    let semaphores = Semaphores::create(key, mode)?;
    LockStep::sign_in(semaphores, 0)?;
    lock_step::publish_key(region, key);
    Ok(semaphores)
}

/// Takes the free seat at the segment; `None` if there is none, or not yet.
fn try_join(key: Key, segment: Segment, setup: &Setup) -> Result<Option<Link>> {
    let region = Region::new(segment.attach()?)?;
    let link = if setup.variant == LOCK_STEP {
        // From here on the semaphores stay, until this side is done with them too.
        let lease = Lease::share::<Shm>(&key.to_string())?;
        let Some(seat) = Seat::claim(region, Kind::LockStep)? else { return Ok(None) };
        let creator = segment.stat()?.creator;
        let key = lock_step::published_key(seat.region())?;
        let Some(semaphores) = Semaphores::find(key, creator)? else { return Ok(None) };
        LockStep::sign_in(semaphores, seat.side())?;
        seat.ready();
        Link::LockStep(LockStep::new(seat, semaphores, lease))
    } else {
        let Some(link) = RingLink::join(region)? else { return Ok(None) };
        Link::Ring(link)
    };
    // The owner does the same. Whoever comes first leaves no time in which a kill of both could leak it.
    segment.mark_for_removal()?;
    Ok(Some(link))
}

/// An object that went away in the middle is the same as none.
fn unless_gone<T>(result: Result<Option<T>>) -> Result<Option<T>> {
    match result {
        Err(error) if error.errno().is_some_and(gone) => Ok(None),
        other => other,
    }
}
