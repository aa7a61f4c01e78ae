//! The variant `sem`: one slot in each direction, in a System V segment, handed over by a semaphore array.

use std::time::Duration;

use ipc_core::ownership::{Note, OwnershipLock};
use ipc_core::pages::Pages;
use ipc_core::ring::{Attachment, Layout, Region};
use ipc_core::{Mechanism, Profile, Result, Setup, Variant};

use crate::lock_step::{publish_key, published_key};
use crate::meeting::{self, FreshSegment, Meeting};
use crate::{Attached, Key, LockStep, Ring, Segment, SemaphoreArray};

/// A segment for two slots, with its semaphores, waiting for the other side. See the [crate].
#[derive(Debug)]
pub struct Semaphores {
    meeting: Meeting,
    array: SemaphoreArray,
}

impl Mechanism for Semaphores {
    const IN_IPC_NAMESPACE: bool = crate::IN_IPC_NAMESPACE;

    const PROFILE: Profile = crate::PROFILE;

    const VARIANT: Variant = Variant {
        name: "sem",
        type_path: "ipc_shm::Semaphores",
        summary: "one slot in each direction, a semaphore array",
        ..Ring::VARIANT
    };

    type Options = Pages;
    type Link = LockStep;

    /// Makes the semaphores under a key of their own, which it leaves in the segment: the other side cannot find them
    /// before they are initialised, and an array under a fresh key surely belongs to no other program, so it may be
    /// removed.
    fn create(address: Option<&str>, setup: &Setup<Pages>) -> Result<Self> {
        let fresh = FreshSegment::create::<Self>(address, setup)?;
        let key = Key::fresh();
        let array = SemaphoreArray::create_crash_safe(&fresh.ownership, key, setup.mode)?;
        LockStep::sign_in(array, 0)?;
        publish_key(fresh.region.memory(), key);
        Ok(Self { meeting: fresh.open(Layout::LockStep)?, array })
    }

    fn address(&self) -> String {
        self.meeting.address()
    }

    fn describe(&self) -> String {
        format!("{}, semaphore array {}", self.meeting.describe(), self.array.id())
    }

    fn accept(&mut self, timeout: Duration) -> Result<LockStep> {
        let (attachment, ownership) = self.meeting.accept(timeout)?;
        Ok(LockStep::new(attachment, self.array, Some(ownership)))
    }

    fn join(address: &str, setup: &Setup<Pages>, timeout: Duration) -> Result<LockStep> {
        meeting::join(address, setup, timeout, attach)
    }

    fn reclaim(note: &Note) -> Result<()> {
        meeting::reclaim(note)
    }
}

/// Takes the free attachment at the segment; `None` if there is none, or not yet.
fn attach(key: Key, segment: Segment, region: Region<Attached>) -> Result<Option<LockStep>> {
    // From here on the semaphores stay until this side is done with them too.
    claim(segment, region, OwnershipLock::share::<Semaphores>(&key.to_string())?)
}

/// Does the same without an ownership lock if there is none to share.
pub(crate) fn claim(
    segment: Segment,
    region: Region<Attached>,
    ownership: Option<OwnershipLock>,
) -> Result<Option<LockStep>> {
    let Some(attachment) = Attachment::claim(region, Layout::LockStep)? else { return Ok(None) };
    let creator = segment.stat()?.creator;
    let key = published_key(attachment.region().memory())?;
    let Some(array) = SemaphoreArray::find(key, creator)? else { return Ok(None) };
    LockStep::sign_in(array, attachment.side())?;
    attachment.ready();
    Ok(Some(LockStep::new(attachment, array, ownership)))
}
