//! The variant `posix`: POSIX shared memory, with a name and a descriptor in place of a key and an id.
//!
//! On Linux an object is a file on an in-memory file system, mounted at `/dev/shm`. So it behaves as a file: its mode
//! is subject to the umask, any process that may write to it can change its length, and its memory lives until its name
//! is removed and the last mapping is gone. The kernel keeps no count of attached processes.
//!
//! `posix/object.rs` is the object; this file is the meeting of two processes at one.

mod object;

use std::fs::File;
use std::time::Duration;

use ipc_core::ownership::{Note, OwnershipLock};
use ipc_core::pages::{self, Pages};
use ipc_core::ring::{Mapping, Rendezvous, RingLink, SEGMENT_LEN};
use ipc_core::{Advise, Call, Mechanism, Profile, Result, Setup, Shared, Variant, shared_file};
use nix::errno::Errno;

use crate::{Ring, meeting};

use object::DIRECTORY;

pub use ipc_core::PosixName;
pub use object::{Object, file_of};

/// A POSIX object for two rings, waiting for the other side. See the [crate].
#[derive(Debug)]
pub struct Posix {
    name: PosixName,
    /// Holds the ownership lock, which removes the name.
    rendezvous: Rendezvous<Mapping, OwnershipLock>,
}

/// Advice on how to get huge pages.
const HUGE_PAGES: &str = "as root, `mount -o remount,huge=advise /dev/shm`";

impl Mechanism for Posix {
    const IN_IPC_NAMESPACE: bool = crate::IN_IPC_NAMESPACE;

    const PROFILE: Profile = crate::PROFILE;

    const VARIANT: Variant = Variant {
        name: "posix",
        type_path: "ipc_shm::Posix",
        summary: "an object of shm_open(3), a ring in each direction",
        shares: &[Shared::DevShm],
        ..Ring::VARIANT
    };

    const TITLE: &'static str = "shared memory";

    type Options = Pages;
    type Link = RingLink<Mapping>;

    // ANCHOR: create
    fn create(address: Option<&str>, setup: &Setup<Pages>) -> Result<Self> {
        let name = address.map_or_else(|| Ok(PosixName::fresh()), str::parse)?;
        let ownership = OwnershipLock::take::<Self>(None)?;
        // The ownership lock makes it under a name that no other process uses, notes it, and then gives it its own
        // name: a kill in between leaves nothing that is not noted.
        let object = ownership.publish(&file_of(&name), |path| {
            let hidden = path.file_name().unwrap_or_default().to_string_lossy();
            Object::create(&format!("/{hidden}").parse()?, setup.mode)
        })?;
        let attachment = shared_file::attach(make_memory(object.file(), setup.options)?)?;
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
        // Both sides have mapped it, so the name goes, with the ownership lock. The kernel frees the memory with the
        // last mapping.
        let (attachment, _ownership) = self.rendezvous.accept(&self.address(), timeout)?;
        Ok(RingLink::new(attachment))
    }
    // ANCHOR_END: accept

    fn join(address: &str, setup: &Setup<Pages>, timeout: Duration) -> Result<Self::Link> {
        let name = address.parse()?;
        let no_peer = || format!("no peer is waiting at {name}");
        shared_file::join(timeout, no_peer, setup.options, HUGE_PAGES, || open(&name, setup))
    }

    fn reclaim(note: &Note) -> Result<()> {
        meeting::reclaim(note)
    }
}

/// Allocates the memory of a fresh object.
fn make_memory(object: &File, pages: Pages) -> Result<Mapping> {
    if !pages.huge {
        shared_file::allocate(object).advise(Errno::ENOSPC, || {
            format!("{DIRECTORY} has no {SEGMENT_LEN} bytes left: remove what is in it, or make it larger")
        })?;
        return pages.prepare(Mapping::new(object)?, HUGE_PAGES);
    }
    // Allocated at once, it would get small pages before the kernel can be advised. So this sets the length first, and
    // gets the pages by populating them.
    object.set_len(SEGMENT_LEN as u64).call("ftruncate")?;
    let memory = pages.prepare(Mapping::new(object)?, HUGE_PAGES)?;
    pages::populate(&memory)?;
    Ok(memory)
}

/// Opens the object that the owner made; `None` if there is none, or if it is not complete yet.
fn open(name: &PosixName, setup: &Setup<Pages>) -> Result<Option<File>> {
    let Some(object) = Object::open(name)? else { return Ok(None) };
    let complete = shared_file::is_complete(object.file(), setup, file_of(name).display())?;
    Ok(complete.then(|| object.into_file()))
}
