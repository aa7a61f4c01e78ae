//! # Memory map: a file that two processes see in their memory
//!
//! `mmap(2)` with `MAP_SHARED` puts the pages of a file into a process's memory. They are the very pages in which
//! the kernel keeps the file anyway, the *page cache*: a store into the mapping is a change of the file, seen at
//! once by every other process that maps it or reads it, with no system call. One file carries both ways.
//!
//! As with [System V shared memory](https://man7.org/linux/man-pages/man7/sysvipc.7.html) that is all there is:
//! no messages, no order, nobody to wake a reader. The suite's [ring](ipc_core::ring) adds them, one in each
//! direction. What a file adds is a name with permissions like any other, and that the bytes are still there when
//! both processes are gone.
//!
//! | variant | the memory | found by |
//! |---|---|---|
//! | `file` | the page cache of a file | its path |
//! | `memfd` | of no file system, sealed: nobody can cut it short | `/proc/PID/fd/N:INODE`, or a symbolic link to `/proc/PID/fd/N` |
//!
//! The files, in reading order: `file.rs` (the file), `memfd.rs` (the memory without one), this one (how the two
//! meet), `sys.rs` (the mapping).
//!
//! **Use it** to share data that is to last, or to be looked at by programs that know nothing of it (`cat`, `od`);
//! to see a file larger than one wants to read. **Do not use it** for messages that are gone once they are read,
//! on a real disk: the kernel writes changed pages out from time to time, and a store meanwhile can wait for the
//! disk. Nor between hosts: what a network file system shows to the two is not the same page.
//!
//! **System calls**: `open`, `renameat2`, `fallocate`, `ftruncate`, `mmap`, `munmap`, `unlink`; then `futex`, only to sleep and
//! to wake a sleeper. The variant `memfd` makes its memory by `memfd_create` and `fcntl(F_ADD_SEALS)`. No `msync`: that
//! is for the disk, not for the other process.
//!
//! **Pitfalls**, each shown by a test in `tests/behaviour/`: mappings come in whole pages, and what is stored
//! behind the end of the file, in its last page, is lost; a page that lies wholly behind the end cannot be touched
//! at all: `SIGBUS`, which also anybody can bring about who may truncate the file; a file of holes on a full disk
//! ends the same way; another file under the same name is another memory. A memory without a file that can be
//! truncated has none of the last three: the variant `memfd`.

mod file;
mod memfd;
mod sys;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipc_core::lease::{self, Lease};
use ipc_core::ring::{Region, RingLink, Seat, poll_for};
use ipc_core::{
    Between, Call, Clients, Direction, Error, Mechanism, Medium, Persistence, Profile, Reach, Result, Setup,
    Shared, Unit, Variant, pages,
};

use memfd::Door;
pub use sys::Mapping;

/// Memory mapped by one side, until the other comes. See the [crate](self).
#[derive(Debug)]
pub struct Mmap {
    address: PathBuf,
    description: String,
    /// Until it is handed out by `accept`.
    waiting: Option<Seat<Mapping>>,
    /// The variant `memfd`: by which the other side comes in, until it has.
    door: Option<Door>,
}

/// One end of a link through mapped memory.
pub type Link = RingLink<Mapping>;

impl Mechanism for Mmap {
    const PROFILE: Profile = Profile {
        name: "mmap",
        title: "memory map",
        variants: &[
            Variant {
                name: "file",
                summary: "a regular file, a ring in each direction",
                unit: Unit::Page,
                reach: Reach::SameHost,
                persistence: Persistence::FileSystem,
                remains: true,
                clients: Clients::One,
                shares: &[Shared::Directory],
            },
            Variant {
                name: MEMFD,
                summary: "sealed memory without a file system, a ring in each direction",
                unit: Unit::Page,
                reach: Reach::SameHost,
                persistence: Persistence::Process,
                remains: false,
                clients: Clients::One,
                shares: &[Shared::PidNamespace],
            },
        ],
        between: Between::AnyTwoProcesses,
        medium: Medium::FileAndMemory,
        unit: Unit::Page,
        direction: Direction::TwoWay,
        reach: Reach::SameHost,
        address: Some("PATH"),
    };

    type Link = Link;

    /// The address is a path at which there is nothing yet. With [`keep`](Setup::keep) the file stays, and must be
    /// named. A [`mode`](Setup::mode) wider than 0600 needs a name too, since a fresh file is inside a private
    /// directory. The variant `memfd` has neither: the memory has no name that could stay, and no other user can open
    /// what a process has open.
    fn create(address: Option<&str>, setup: &Setup) -> Result<Self> {
        let path = address.map(parse).transpose()?;
        if setup.variant == MEMFD { create_memory(path, setup) } else { create_file(path, setup) }
    }

    fn address(&self) -> String {
        self.address.display().to_string()
    }

    fn describe(&self) -> String {
        self.description.clone()
    }

    // ANCHOR: accept
    fn accept(&mut self, timeout: Duration) -> Result<Self::Link> {
        let over = || Error::Usage("this meeting is over".into());
        let seat = self.waiting.as_mut().ok_or_else(over)?;
        seat.wait_for_peer(&self.address.display().to_string(), timeout)?;
        self.door = None; // the link to it, too
        Ok(RingLink::new(self.waiting.take().ok_or_else(over)?))
    }
    // ANCHOR_END: accept

    // ANCHOR: join
    fn join(address: &str, setup: &Setup, timeout: Duration) -> Result<Self::Link> {
        let path = parse(address)?;
        let nobody = || match setup.variant {
            MEMFD => format!(
                "nobody is at {address}: start `ipc-mmap pong {address} --variant memfd` first ({})",
                memfd::here()
            ),
            _ => format!("nobody is at {address}: start `ipc-mmap pong {address}` first"),
        };
        poll_for(timeout, nobody, || try_join(&path, setup))
    }
    // ANCHOR_END: join
}

/// The variant that is not the default.
const MEMFD: &str = "memfd";

// ANCHOR: create
fn create_file(path: Option<PathBuf>, setup: &Setup) -> Result<Mmap> {
    let lease = if setup.keep {
        lease::sweep::<Mmap>()?;
        None
    } else {
        Some(Lease::take::<Mmap>(None)?)
    };
    let path = match (path, &lease) {
        (Some(path), _) => path,
        (None, Some(lease)) => lease.path("memory"),
        (None, None) => return Err(Error::Usage("a file to be kept needs a name: give its path".into())),
    };
    let make = |path: &Path| file::create(path, setup.mode);
    let file = lease.as_ref().map_or_else(|| make(&path), |lease| lease.place(&path, make))?;
    let seated = file::allocate(&file)
        .and_then(|()| Mapping::with_lease(&file, lease))
        .and_then(|memory| take_seat(memory, setup));
    let seat = seated.inspect_err(|_| {
        if setup.keep {
            let _ = fs::remove_file(&path); // kept only if it was made; any other goes with its lease
        }
    })?;
    let description = format!("file {}, mapped", path.display());
    Ok(Mmap { address: path, description, waiting: Some(seat), door: None })
}
// ANCHOR_END: create

fn create_memory(path: Option<PathBuf>, setup: &Setup) -> Result<Mmap> {
    if setup.keep {
        return Err(Error::Usage("memory without a file cannot be kept: choose the variant `file`".into()));
    }
    if setup.mode & 0o077 != 0 {
        return Err(Error::Usage("no other user can open a memfd: choose the variant `file`".into()));
    }
    let door = Door::create(path)?;
    let seat = take_seat(Mapping::new(&door.memory)?, setup)?;
    let (address, description) = (door.address()?, door.describe());
    Ok(Mmap { address, description, waiting: Some(seat), door: Some(door) })
}

/// The owner's place at fresh memory.
fn take_seat(memory: Mapping, setup: &Setup) -> Result<Seat<Mapping>> {
    Seat::create(Region::new(prepared(memory, setup)?)?, Link::KIND)
}

/// The memory, with such pages as are asked for.
fn prepared(memory: Mapping, setup: &Setup) -> Result<Mapping> {
    if setup.huge_pages {
        let advice = match setup.variant {
            MEMFD => "as root, `echo advise > /sys/kernel/mm/transparent_hugepage/shmem_enabled`",
            _ => "a file has those of its file system: choose the variant `memfd`",
        };
        pages::ask_for_huge(&memory, advice)?;
    }
    if setup.populate {
        pages::populate(&memory)?;
    }
    Ok(memory)
}

/// Takes the free seat at the memory; `None` if there is none, or not yet.
fn try_join(path: &Path, setup: &Setup) -> Result<Option<Link>> {
    let opened = if setup.variant == MEMFD { memfd::open(path, setup) } else { file::open(path, setup) };
    match opened? {
        Some(file) => RingLink::join(Region::new(prepared(Mapping::new(&file)?, setup)?)?),
        None => Ok(None),
    }
}

/// The path that an address is.
fn parse(address: &str) -> Result<PathBuf> {
    if address.is_empty() || address.ends_with('/') || address.contains(['\0', '\n']) {
        return Err(Error::Usage("the address of a memory map is a file, for example /tmp/memory".into()));
    }
    // Absolute, so that the other side finds it from wherever it is started.
    std::path::absolute(address).call("getcwd")
}
