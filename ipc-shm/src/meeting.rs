//! How two processes meet at a System V segment.

use std::time::Duration;

use ipc_core::lease::{Lease, Note, SystemV};
use ipc_core::ring::{Kind, Region, RingLink, SEGMENT_LEN, Seat, poll_for};
use ipc_core::{Error, Result, Setup, pages};

use crate::{Attached, Key, LOCK_STEP, Link, LockStep, Segment, Semaphores, Shm};
use crate::{gone, lock_step, segment, semaphores};

/// A segment with one side attached, until the other comes.
#[derive(Debug)]
pub(crate) struct Meeting {
    key: Key,
    segment: Segment,
    semaphores: Option<Semaphores>,
    /// Until they are handed out by `accept`. The lease is dropped last: it removes what nobody came for.
    waiting: Option<(Seat<Attached>, Lease)>,
}

impl Meeting {
    // ANCHOR: create
    pub(crate) fn create(address: Option<&str>, setup: &Setup) -> Result<Self> {
        let key = address.map_or_else(|| Ok(Key::fresh()), str::parse)?;
        let lease = Lease::take::<Shm>(Some(&key.to_string()))?;
        let make = if setup.huge_pages { Segment::create_in_huge_pages } else { Segment::create };
        let segment = segment::create_leased(&lease, key, setup.mode, |mode| make(key, SEGMENT_LEN, mode))?;
        let region = Region::new(attach(segment, setup)?)?;
        let (semaphores, seat) = if setup.variant == LOCK_STEP {
            let semaphores = make_semaphores(&region, &lease, setup.mode)?;
            (Some(semaphores), Seat::create(region, Kind::LockStep)?)
        } else {
            (None, Seat::create(region, Kind::Ring)?)
        };
        Ok(Self { key, segment, semaphores, waiting: Some((seat, lease)) })
    }
    // ANCHOR_END: create

    pub(crate) fn address(&self) -> String {
        self.key.to_string()
    }

    pub(crate) fn describe(&self) -> String {
        let segment = format!("shared memory segment {} with key {}", self.segment.id(), self.key);
        match self.semaphores {
            Some(semaphores) => format!("{segment}, semaphore array {}", semaphores.id()),
            None => segment,
        }
    }

    // ANCHOR: accept
    pub(crate) fn accept(&mut self, timeout: Duration) -> Result<Link> {
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
    pub(crate) fn join(address: &str, setup: &Setup, timeout: Duration) -> Result<Link> {
        let key: Key = address.parse()?;
        let nobody = || format!("nobody is at {key}: start `ipc-shm pong {key}` first");
        poll_for(timeout, nobody, || match Segment::find(key)? {
            Some(segment) => unless_gone(try_join(key, segment, setup)),
            None => Ok(None),
        })
    }
    // ANCHOR_END: join

    /// Removes what a dead process has noted.
    pub(crate) fn reclaim(note: &Note) -> Result<()> {
        let reclaimed = match note {
            Note::SystemV(SystemV::Segment, key, made) => segment::reclaim(*key, *made),
            Note::SystemV(SystemV::Semaphores, key, made) => semaphores::reclaim(*key, *made),
            other => Err(Error::Usage(format!("not shared memory: {other}"))),
        };
        unless_gone(reclaimed.map(Some)).map(drop)
    }
}

/// Makes the semaphores of a lock-step and leaves their key in the segment. They have a key of their own: the
/// other side cannot find them before they are initialised, and a fresh key is surely nobody else's to remove.
fn make_semaphores(region: &Region<Attached>, lease: &Lease, mode: u32) -> Result<Semaphores> {
    let key = Key::fresh();
    let semaphores = Semaphores::create_leased(lease, key, mode)?;
    LockStep::sign_in(semaphores, 0)?;
    lock_step::publish_key(region.memory(), key);
    Ok(semaphores)
}

/// Attaches a segment with such pages as are asked for. Which ones it is made of was decided by whoever made it.
fn attach(segment: Segment, setup: &Setup) -> Result<Attached> {
    let memory = segment.attach()?;
    if setup.huge_pages && !pages::is_of_pool(&memory) {
        return Err(Error::Usage("the other side made this segment without huge pages".into()));
    }
    if setup.populate {
        pages::populate(&memory)?;
    }
    Ok(memory)
}

/// Takes the free seat at the segment; `None` if there is none, or not yet.
fn try_join(key: Key, segment: Segment, setup: &Setup) -> Result<Option<Link>> {
    setup.check_owner(segment.stat()?.creator, format_args!("the segment with key {key} (see `ipcs -m`)"))?;
    let region = Region::new(attach(segment, setup)?)?;
    let link = if setup.variant == LOCK_STEP {
        // From here on the semaphores stay, until this side is done with them too.
        let lease = Lease::share::<Shm>(&key.to_string())?;
        let Some(seat) = Seat::claim(region, Kind::LockStep)? else { return Ok(None) };
        let creator = segment.stat()?.creator;
        let key = lock_step::published_key(seat.region().memory())?;
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
