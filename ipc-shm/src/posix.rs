//! The variant `posix`: POSIX shared memory, with a name and a descriptor in place of a key and an id.
//!
//! On Linux an object is a file on an in-memory file system, mounted at `/dev/shm`. So it behaves as a file: its mode
//! is subject to the umask, any process that may write to it can change its length, and its memory lives until its name
//! is removed and the last mapping is gone. The kernel keeps no count of attached processes.
//!
//! `posix/object.rs` is the object; this file is the meeting of two processes at one.

mod object;

use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use ipc_core::ownership::{Note, OwnershipLock};
use ipc_core::pages::{self, Pages};
use ipc_core::ring::{Attachment, Region, Rendezvous, RingLink, SEGMENT_LEN};
use ipc_core::{Call, Error, Mechanism, Profile, Result, Setup, Shared, Variant, poll_for};

use crate::{Mapped, Ring, meeting};

pub use ipc_core::PosixName;
pub use object::{Object, file_of};

/// A POSIX object for two rings, waiting for the other side. See the [crate].
#[derive(Debug)]
pub struct Posix {
    name: PosixName,
    /// Holds the ownership lock, which removes the name.
    rendezvous: Rendezvous<Mapped, OwnershipLock>,
}

/// Advice on how to get huge pages.
const HUGE_PAGES: &str = "as root, `mount -o remount,huge=advise /dev/shm`";

impl Mechanism for Posix {
    const IN_IPC_NAMESPACE: bool = crate::IN_IPC_NAMESPACE;

    const PROFILE: Profile = crate::PROFILE;

    const VARIANT: Variant = Variant {
        name: "posix",
        summary: "an object of shm_open(3), a ring in each direction",
        shares: &[Shared::DevShm],
        ..Ring::VARIANT
    };

    const TITLE: &'static str = "shared memory";

    type Options = Pages;
    type Link = RingLink<Mapped>;

    // ANCHOR: create
    fn create(address: Option<&str>, setup: &Setup<Pages>) -> Result<Self> {
        let name = address.map_or_else(|| Ok(PosixName::fresh()), str::parse)?;
        let ownership = OwnershipLock::take::<Self>(None)?;
        // The ownership lock makes it under a name that no other process uses, notes it, and then gives it its own name: a kill
        // in between leaves nothing that is not noted.
        let object = ownership.publish(&file_of(&name), |path| {
            let hidden = path.file_name().unwrap_or_default().to_string_lossy();
            Object::create(&format!("/{hidden}").parse()?, setup.mode)
        })?;
        let region = Region::new(make_memory(&object, setup.options)?)?;
        let attachment = Attachment::create(region, Self::Link::LAYOUT)?;
        Ok(Self { name, rendezvous: Rendezvous::new(attachment, ownership) })
    }
    // ANCHOR_END: create

    fn address(&self) -> String {
        self.name.to_string()
    }

    fn describe(&self) -> String {
        format!("POSIX shared memory {}, a file {}", self.name, file_of(&self.name).display())
    }

    // ANCHOR: accept
    fn accept(&mut self, timeout: Duration) -> Result<Self::Link> {
        // Both sides have mapped it, so the name goes, with the ownership lock. The kernel frees the memory with the last
        // mapping.
        let (attachment, _ownership) = self.rendezvous.accept(&self.address(), timeout)?;
        Ok(RingLink::new(attachment))
    }
    // ANCHOR_END: accept

    fn join(address: &str, setup: &Setup<Pages>, timeout: Duration) -> Result<Self::Link> {
        let name = address.parse()?;
        let nobody = || format!("nobody is at {name}: start `ipc-shm pong {name} --variant posix` first");
        poll_for(timeout, nobody, || try_join(&name, setup))
    }

    fn reclaim(note: &Note) -> Result<()> {
        meeting::reclaim(note)
    }
}

/// Allocates the memory of a fresh object.
fn make_memory(object: &Object, pages: Pages) -> Result<Mapped> {
    if !pages.huge {
        object.allocate(SEGMENT_LEN)?;
        return pages.prepare(object.map(SEGMENT_LEN)?, HUGE_PAGES);
    }
    // Allocated at once, it would get small pages before the kernel can be advised. So this sets the length first, and
    // gets the pages by populating them.
    object.file().set_len(SEGMENT_LEN as u64).call("ftruncate")?;
    let memory = pages.prepare(object.map(SEGMENT_LEN)?, HUGE_PAGES)?;
    pages::populate(&memory)?;
    Ok(memory)
}

/// Takes the free attachment at the object; `None` if there is none, or not yet.
fn try_join(name: &PosixName, setup: &Setup<Pages>) -> Result<Option<RingLink<Mapped>>> {
    let Some(object) = Object::open(name)? else { return Ok(None) };
    let meta = object.file().metadata().call("fstat")?;
    if !meta.is_file() {
        return Err(Error::Usage(format!("{} is no shared memory", file_of(name).display())));
    }
    setup.check_owner(meta.uid(), file_of(name).display())?;
    match meta.len() {
        0 => Ok(None), // being made
        length if length == SEGMENT_LEN as u64 => {
            let memory = setup.options.prepare(object.map(SEGMENT_LEN)?, HUGE_PAGES)?;
            RingLink::join(Region::new(memory)?)
        }
        _ => Err(Error::Corrupt("the object has another length: not made by this program")),
    }
}
