//! The meeting of two processes at a System V segment, for every variant that uses one.

use std::time::Duration;

use ipc_core::ownership::{Note, OwnershipLock, SystemV};
use ipc_core::pages::{self, Pages};
use ipc_core::ring::{Attachment, Layout, Region, Rendezvous, SEGMENT_LEN};
use ipc_core::{Error, Mechanism, Result, Setup, poll_for};

use crate::{Attached, Key, Segment};
use crate::{gone, segment, semaphore_array};

/// A segment that its owner has just made, and that the other side cannot join yet.
#[derive(Debug)]
pub(crate) struct FreshSegment {
    key: Key,
    segment: Segment,
    pub(crate) region: Region<Attached>,
    /// Removes the remaining objects; dropped last.
    pub(crate) ownership: OwnershipLock,
}

impl FreshSegment {
    // ANCHOR: create
    /// Makes a segment under the key that `address` gives, for the variant `M`.
    pub(crate) fn create<M: Mechanism>(address: Option<&str>, setup: &Setup<Pages>) -> Result<Self> {
        let key = address.map_or_else(|| Ok(Key::fresh()), str::parse)?;
        let ownership = OwnershipLock::take::<M>(Some(&key.to_string()))?;
        let make = if setup.options.huge { Segment::create_in_huge_pages } else { Segment::create };
        let segment =
            segment::create_crash_safe(&ownership, key, setup.mode, |mode| make(key, SEGMENT_LEN, mode))?;
        let region = Region::new(attach(segment, setup.options)?)?;
        Ok(Self { key, segment, region, ownership })
    }

    /// Takes the owner's place. From here on the other side can join.
    pub(crate) fn open(self, layout: Layout) -> Result<Meeting> {
        let Self { key, segment, region, ownership } = self;
        Ok(Meeting {
            key,
            segment,
            rendezvous: Rendezvous::new(Attachment::create(region, layout)?, ownership),
        })
    }
    // ANCHOR_END: create
}

/// A segment with one side attached, waiting for the other.
#[derive(Debug)]
pub(crate) struct Meeting {
    key: Key,
    segment: Segment,
    /// Holds the ownership lock, which removes what is left if no process joins.
    rendezvous: Rendezvous<Attached, OwnershipLock>,
}

impl Meeting {
    pub(crate) fn address(&self) -> String {
        self.key.to_string()
    }

    pub(crate) fn describe(&self) -> String {
        format!("shared memory segment {} with key {}", self.segment.id(), self.key)
    }

    // ANCHOR: accept
    /// Waits for the other side. The returned ownership lock removes the other objects.
    pub(crate) fn accept(&mut self, timeout: Duration) -> Result<(Attachment<Attached>, OwnershipLock)> {
        let (address, segment) = (self.address(), self.segment);
        // Both sides are attached. From here on the kernel frees the segment when the last of them detaches.
        self.rendezvous.accept_after(&address, timeout, || segment.mark_for_removal())
    }
    // ANCHOR_END: accept
}

// ANCHOR: join
/// Waits for a segment under the key that `address` gives, and calls `claim` to take the free place at it.
pub(crate) fn join<L>(
    address: &str,
    setup: &Setup<Pages>,
    timeout: Duration,
    claim: impl Fn(Key, Segment, Region<Attached>) -> Result<Option<L>>,
) -> Result<L> {
    let key: Key = address.parse()?;
    let no_peer = || format!("no peer is waiting at {key}");
    let try_join = |segment: Segment| {
        let creator = segment.stat()?.creator;
        setup.check_owner(creator, format_args!("the segment with key {key} (see `ipcs -m`)"))?;
        let link = claim(key, segment, Region::new(attach(segment, setup.options)?)?)?;
        if link.is_some() {
            // The owner does the same. Whichever is first leaves no time in which killing both could leak the segment.
            segment.mark_for_removal()?;
        }
        Ok(link)
    };
    poll_for(timeout, no_peer, || match Segment::find(key)? {
        Some(segment) => unless_gone(try_join(segment)),
        None => Ok(None),
    })
}
// ANCHOR_END: join

/// Attaches a segment with the requested kind of pages; the side that made the segment has chosen them.
fn attach(segment: Segment, pages: Pages) -> Result<Attached> {
    let memory = segment.attach()?;
    if pages.huge && !pages::is_of_pool(&memory) {
        return Err(Error::Refused("the other side made this segment without huge pages".into()));
    }
    if pages.populate {
        pages::populate(&memory)?;
    }
    Ok(memory)
}

/// Removes the System V objects that a dead process of any variant has noted; the ownership lock itself removes names
/// in `/dev/shm`.
pub(crate) fn reclaim(note: &Note) -> Result<()> {
    let reclaimed = match note {
        Note::SystemV(SystemV::Segment, key, made) => segment::reclaim(*key, *made),
        Note::SystemV(SystemV::Semaphores, key, made) => semaphore_array::reclaim(*key, *made),
        other => Err(Error::Usage(format!("not shared memory: {other}"))),
    };
    unless_gone(reclaimed.map(Some)).map(drop)
}

/// Treats an object that went away during the call as absent.
fn unless_gone<T>(result: Result<Option<T>>) -> Result<Option<T>> {
    match result {
        Err(error) if error.errno().is_some_and(gone) => Ok(None),
        other => other,
    }
}
