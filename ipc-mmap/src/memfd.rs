//! The variant `memfd`: memory that is a file, but on no file system. It has no name, and cannot be truncated.
//!
//! A process that was started separately finds it by `/proc/PID/fd/N`, which stands for the file that process PID has
//! open as descriptor N; opening that path opens the same memory once more. This is the address. If the user names a
//! path, a symbolic link there leads to it.
//!
//! In a container with its own `/proc`, PID is another process, perhaps one that has such memory open under the same
//! number, too. So a joiner checks that it has the right memory: by its inode, which follows the path in the address;
//! or by the link, which the owner has noted in the memory.
//!
//! The textbook sends the descriptor over a Unix socket (`SCM_RIGHTS`, unix(7)). Then a process has to wait at the
//! socket and hand it out, and there is a second object to remove. The path needs neither: the owner may still be busy
//! when the joiner comes. The kernel opens it only for the same user (and for root), the only ones that the contract
//! lets in anyway. `pidfd_getfd(2)` requires more: the right to attach as a debugger does.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipc_core::ownership::{self, OwnershipLock};
use ipc_core::pages::Pages;
use ipc_core::process::{Namespaces, proc};
use ipc_core::ring::{Rendezvous, RingLink, SEGMENT_LEN};
use ipc_core::{
    Advise, Call, Clients, Error, Mechanism, Persistence, Profile, Reach, Result, Setup, Shared, Unit,
    Variant, shared_file,
};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::libc::{MFD_NOEXEC_SEAL, O_NOCTTY, O_NONBLOCK};
use nix::sys::memfd::{MFdFlags, memfd_create};

use crate::address::{advise_on_place, parse};
use crate::{Link, Mapping};

/// Memory without a file, waiting for the other side. See the [crate].
#[derive(Debug)]
pub struct Memfd {
    address: PathBuf,
    description: String,
    /// Holds the door, through which the other side joins.
    rendezvous: Rendezvous<Mapping, Door>,
}

/// Advice on how to get huge pages.
const HUGE_PAGES: &str = "as root, `echo advise > /sys/kernel/mm/transparent_hugepage/shmem_enabled`";

impl Mechanism for Memfd {
    const PROFILE: Profile = crate::PROFILE;

    const VARIANT: Variant = Variant {
        name: "memfd",
        type_path: "ipc_mmap::Memfd",
        summary: "sealed memory without a file system, a ring in each direction",
        unit: Unit::Page,
        limits: &[],
        reach: Reach::SameHost,
        persistence: Persistence::Process,
        remains: false,
        clients: Clients::One,
        server: None,
        lasting: None,
        shares: &[Shared::PidNamespace],
    };

    type Options = Pages;
    type Link = Link;

    /// Makes the memory; an address is a path at which there is nothing yet. The memory has no name that could stay,
    /// and no [`mode`](Setup::mode) but 0600: no other user can open a descriptor of this process.
    fn create(address: Option<&str>, setup: &Setup<Pages>) -> Result<Self> {
        let path = address.map(parse).transpose()?;
        if setup.mode & 0o077 != 0 {
            return Err(Error::Usage("no other user can open a memfd: choose the variant `file`".into()));
        }
        let door = Door::create(path)?;
        let memory = setup.options.prepare(Mapping::new(&door.memory)?, HUGE_PAGES)?;
        let attachment = shared_file::attach(memory)?;
        let (address, description) = (door.address()?, door.describe());
        Ok(Self { address, description, rendezvous: Rendezvous::new(attachment, door) })
    }

    fn address(&self) -> String {
        self.address.display().to_string()
    }

    fn describe(&self) -> String {
        self.description.clone()
    }

    fn accept(&mut self, timeout: Duration) -> Result<Link> {
        let (attachment, _door) = self.rendezvous.accept(&self.address(), timeout)?; // dropped on return, with the link to it
        Ok(RingLink::new(attachment))
    }

    fn join(address: &str, setup: &Setup<Pages>, timeout: Duration) -> Result<Link> {
        let path = parse(address)?;
        let no_peer = || format!("no peer is waiting at {address} ({})", here());
        shared_file::join(timeout, no_peer, setup.options, HUGE_PAGES, || open(&path, setup))
    }
}

/// The memory's name, which `/proc` shows for its descriptor after `/memfd:`.
const NAME: &str = "ipc-mmap";

/// Fixes the length, and forbids more seals. A peer that could shorten the memory could kill us with `SIGBUS`.
/// (`F_SEAL_SEAL` keeps a peer from adding `F_SEAL_WRITE`, after which no other process could map the memory.)
const SEALS: SealFlag = SealFlag::F_SEAL_SHRINK.union(SealFlag::F_SEAL_GROW).union(SealFlag::F_SEAL_SEAL);

/// The memory, open for the other side to find.
#[derive(Debug)]
struct Door {
    memory: File,
    /// The path of the memory in `/proc`.
    target: PathBuf,
    /// The link that leads there, if the user named a path. Removed when this value is dropped.
    link: Option<(PathBuf, OwnershipLock)>,
}

impl Door {
    /// Makes the memory, and a link to it at `path`, which must not exist yet.
    fn create(path: Option<PathBuf>) -> Result<Self> {
        let memory = create()?;
        let target = proc_path(&memory)?;
        let Some(path) = path else {
            ownership::sweep::<Memfd>()?; // this meeting itself leaves nothing behind
            return Ok(Self { memory, target, link: None });
        };
        let ownership = OwnershipLock::take::<Memfd>(None)?;
        let placed = ownership.publish(&path, |path| {
            symlink(&target, path).call("symlink")?;
            let link = fs::symlink_metadata(path).call("lstat")?;
            memory.write_all_at(&identity(&link), LINK_AT).call("pwrite")
        });
        advise_on_place(placed, &path)?;
        Ok(Self { memory, target, link: Some((path, ownership)) })
    }

    /// Returns the path by which the other side finds it; for the path of the memory itself, with its inode.
    fn address(&self) -> Result<PathBuf> {
        if let Some((path, _)) = &self.link {
            return Ok(path.clone());
        }
        let inode = self.memory.metadata().call("fstat")?.ino();
        Ok(format!("{}:{inode}", self.target.display()).into())
    }

    fn describe(&self) -> String {
        let memory = self.target.display();
        match &self.link {
            None => format!("memory without a name, open as {memory}, mapped"),
            Some((path, _)) => format!("memory open as {memory}, to which {} leads, mapped", path.display()),
        }
    }
}

/// Returns the path by which any process of this user can open `file`.
fn proc_path(file: &File) -> Result<PathBuf> {
    Ok(proc::own_descriptors()?.join(file.as_raw_fd().to_string()))
}

/// Returns the device and inode, which together identify an existing object of a file system.
fn identity(meta: &Metadata) -> [u8; 16] {
    let mut identity = [0; 16];
    identity[..8].copy_from_slice(&meta.dev().to_ne_bytes());
    identity[8..].copy_from_slice(&meta.ino().to_ne_bytes());
    identity
}

/// The offset at which the memory notes its link: in the first page, after the ring's control data.
const LINK_AT: u64 = 2048;

// ANCHOR: create
/// Makes the memory: sealed, all zero, and for its owner alone.
fn create() -> Result<File> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    // Never executable. Linux before 6.3 does not know that flag; a system may require it.
    let memory = memfd_create(NAME, flags | MFdFlags::from_bits_retain(MFD_NOEXEC_SEAL))
        .or_else(|errno| if errno == Errno::EINVAL { memfd_create(NAME, flags) } else { Err(errno) });
    let memory = File::from(memory.call("memfd_create")?);
    memory.set_permissions(Permissions::from_mode(0o600)).call("fchmod")?;
    memory.set_len(SEGMENT_LEN as u64).call("ftruncate")?;
    fcntl(&memory, FcntlArg::F_ADD_SEALS(SEALS)).call("fcntl")?;
    Ok(memory)
}
// ANCHOR_END: create

/// Opens the memory that an owner has open; `None` if there is nothing at `address`, or no longer.
fn open(address: &Path, setup: &Setup<Pages>) -> Result<Option<File>> {
    let no_memory = || {
        Error::Refused(format!("{} does not lead to memory of that ipc-mmap {}", address.display(), here()))
    };
    let (address, inode) = without_inode(address);
    let Some(mut target) = read_link(&address, &no_memory)? else {
        // No later owner can have this address: the owner has ended, or is in another namespace.
        return if is_proc_path(&address) { Err(no_memory()) } else { Ok(None) };
    };
    let mut door = address.clone();
    if is_proc_path(&target) {
        door = target;
        // The owner may have ended: then the next `create` removes the link, too.
        let Some(next) = read_link(&door, &no_memory)? else { return Ok(None) };
        target = next;
    }
    // Checked before the open, since opening something else could have side effects. It proves nothing: see `check`.
    if !target.to_string_lossy().starts_with(&format!("/memfd:{NAME} ")) {
        return Err(no_memory());
    }
    let memory =
        match OpenOptions::new().read(true).write(true).custom_flags(O_NONBLOCK | O_NOCTTY).open(&door) {
            Err(error) if error.raw_os_error() == Some(Errno::ENOENT as i32) => return Ok(None),
            opened => opened.call("open")?,
        };
    check(&memory, setup)?;
    let is_meant = match inode {
        Some(inode) => memory.metadata().call("fstat")?.ino() == inode,
        None if door == address => true, // the user has named a descriptor, and this is it
        None => leads_there(&address, &memory)?,
    };
    if is_meant { Ok(Some(memory)) } else { Err(no_memory()) }
}

/// Names the namespace in which a path in `/proc` was followed, for a user who meant another one.
fn here() -> String {
    let here =
        Namespaces::current().map_or_else(|error| error.to_string(), |here| format!("pid:[{}]", here.pid));
    format!(
        "here, in {here}: if it is in another pid namespace, with a /proc of its own, choose the variant file"
    )
}

/// Returns whether the owner of `memory` made the link at `path`.
fn leads_there(path: &Path, memory: &File) -> Result<bool> {
    let mut noted = [0; 16];
    memory.read_exact_at(&mut noted, LINK_AT).call("pread")?;
    Ok(identity(&fs::symlink_metadata(path).call("lstat").on(path.display())?) == noted)
}

/// Splits an address: `/proc/PID/fd/N` and the inode from `/proc/PID/fd/N:INODE`, or any other path.
fn without_inode(address: &Path) -> (PathBuf, Option<u64>) {
    let parts = address.to_str().and_then(|text| text.rsplit_once(':'));
    let parts = parts.and_then(|(path, inode)| Some((PathBuf::from(path), inode.parse().ok()?)));
    match parts {
        Some((path, inode)) if is_proc_path(&path) => (path, Some(inode)),
        _ => (address.to_owned(), None),
    }
}

// ANCHOR: check
/// Checks before mapping that the memory is what its name says. Any process can give that name to any memory.
fn check(memory: &File, setup: &Setup<Pages>) -> Result<()> {
    let complete = shared_file::is_complete(memory, setup, "that memory")?;
    let seals = match fcntl(memory, FcntlArg::F_GET_SEALS) {
        Err(Errno::EINVAL) => 0, // not a file that can be sealed
        seals => seals.call("fcntl")?,
    };
    if !SealFlag::from_bits_retain(seals).contains(SEALS) {
        return Err(Error::Corrupt("the memory is not sealed, so it could be truncated while mapped"));
    }
    // Sealed, empty memory stays empty.
    if complete {
        Ok(())
    } else {
        Err(Error::Corrupt("unexpected length: the memory was not made by this program"))
    }
}
// ANCHOR_END: check

/// Reads a symbolic link; `None` if it is not there.
fn read_link(path: &Path, no_link: &impl Fn() -> Error) -> Result<Option<PathBuf>> {
    match fs::read_link(path).call("readlink") {
        Err(error) if matches!(error.errno(), Some(Errno::ENOENT | Errno::ESRCH)) => Ok(None),
        Err(error) if error.errno() == Some(Errno::EINVAL) => Err(no_link()),
        // It belongs to another user; or, in another pid namespace, to a process other than the one meant.
        read => read
            .map(Some)
            .advise(Errno::EACCES, || format!("{} is another user's {}", path.display(), here())),
    }
}

/// True if the path has the form `/proc/PID/fd/N`.
fn is_proc_path(path: &Path) -> bool {
    let number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let words: Vec<_> = path.to_str().unwrap_or_default().split('/').collect();
    matches!(words[..], ["", "proc", pid, "fd", fd] if number(pid) && number(fd))
}

#[cfg(test)]
mod tests;
