//! The variant `posix`: shared memory as POSIX has it, with a name and a descriptor in place of a key and an id.
//!
//! On Linux an object is a file on a file system in memory, mounted at `/dev/shm`. So all that is true of files is
//! true here: a mode that the umask takes from, a length that anybody changes who may write, a memory that lives
//! until its name is removed and the last mapping is gone. Nothing counts who has attached it.
//!
//! `object.rs` is the object; this file is how two processes meet at one.

mod object;

use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use ipc_core::lease::Lease;
use ipc_core::ring::{Region, RingLink, SEGMENT_LEN, Seat, poll_for};
use ipc_core::{Call, Error, Result, Setup, pages};

use crate::{Mapped, Shm};

pub use ipc_core::PosixName;
pub use object::{Object, file_of};

/// An object with one side attached, until the other comes.
#[derive(Debug)]
pub(crate) struct Meeting {
    name: PosixName,
    /// Until they are handed out by `accept`. The lease removes the name.
    waiting: Option<(Seat<Mapped>, Lease)>,
}

/// One end of a link.
pub(crate) type PosixLink = RingLink<Mapped>;

impl Meeting {
    // ANCHOR: create
    pub(crate) fn create(address: Option<&str>, setup: &Setup) -> Result<Self> {
        let name = address.map_or_else(|| Ok(PosixName::fresh()), str::parse)?;
        let lease = Lease::take::<Shm>(None)?;
        // The lease makes it under a name that nobody else uses, notes it, and gives it its own name: a kill in
        // between leaves nothing that is not noted.
        let object = lease.place(&file_of(&name), |path| {
            let hidden = path.file_name().unwrap_or_default().to_string_lossy();
            Object::create(&format!("/{hidden}").parse()?, setup.mode)
        })?;
        let region = Region::new(make_memory(&object, setup)?)?;
        Ok(Self { name, waiting: Some((Seat::create(region, PosixLink::KIND)?, lease)) })
    }
    // ANCHOR_END: create

    pub(crate) fn address(&self) -> String {
        self.name.to_string()
    }

    pub(crate) fn describe(&self) -> String {
        format!("POSIX shared memory {}, a file {}", self.name, file_of(&self.name).display())
    }

    // ANCHOR: accept
    pub(crate) fn accept(&mut self, timeout: Duration) -> Result<PosixLink> {
        let over = || Error::Usage("this meeting is over".into());
        let (seat, _) = self.waiting.as_mut().ok_or_else(over)?;
        seat.wait_for_peer(&self.name.to_string(), timeout)?;
        // Both have it mapped, so the name goes, with the lease. The kernel frees the memory with the last of them.
        let (seat, _lease) = self.waiting.take().ok_or_else(over)?;
        Ok(RingLink::new(seat))
    }
    // ANCHOR_END: accept

    pub(crate) fn join(address: &str, setup: &Setup, timeout: Duration) -> Result<PosixLink> {
        let name = address.parse()?;
        let nobody = || format!("nobody is at {name}: start `ipc-shm pong {name} --variant posix` first");
        poll_for(timeout, nobody, || try_join(&name, setup))
    }
}

/// Gives a fresh object its memory.
fn make_memory(object: &Object, setup: &Setup) -> Result<Mapped> {
    if !setup.huge_pages {
        object.allocate(SEGMENT_LEN)?;
        return map(object, setup);
    }
    // Allocated at once it would get small pages, before anybody can advise the kernel. So the length comes first,
    // and the pages by being populated.
    object.file().set_len(SEGMENT_LEN as u64).call("ftruncate")?;
    let memory = map(object, setup)?;
    pages::populate(&memory)?;
    Ok(memory)
}

/// Maps an object with such pages as are asked for.
fn map(object: &Object, setup: &Setup) -> Result<Mapped> {
    let memory = object.map(SEGMENT_LEN)?;
    if setup.huge_pages {
        pages::ask_for_huge(&memory, "as root, `mount -o remount,huge=advise /dev/shm`")?;
    }
    if setup.populate {
        pages::populate(&memory)?;
    }
    Ok(memory)
}

/// Takes the free seat at the object; `None` if there is none, or not yet.
fn try_join(name: &PosixName, setup: &Setup) -> Result<Option<PosixLink>> {
    let Some(object) = Object::open(name)? else { return Ok(None) };
    let meta = object.file().metadata().call("fstat")?;
    if !meta.is_file() {
        return Err(Error::Usage(format!("{} is no shared memory", file_of(name).display())));
    }
    setup.check_owner(meta.uid(), file_of(name).display())?;
    match meta.len() {
        0 => Ok(None), // being made
        length if length == SEGMENT_LEN as u64 => RingLink::join(Region::new(map(&object, setup)?)?),
        _ => Err(Error::Corrupt("the object has another length: not made by this program")),
    }
}
