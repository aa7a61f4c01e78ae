//! The variant `memfd`: memory that is a file, but of no file system. It has no name, and it cannot be cut short.
//!
//! How does a process that was started apart come by it? `/proc/PID/fd/N` stands for what process PID has open under
//! number N; to open that path is to open the same memory once more. This is the address. At a path that the user
//! names, a symbolic link leads there.
//!
//! The textbook sends the descriptor over a Unix socket (`SCM_RIGHTS`, unix(7)). Then somebody has to sit at the
//! socket and hand it out, and there is a second object to remove. The path needs neither: the owner may still be
//! busy when the other comes. The kernel opens it for the same user only (and for root), which is whom the contract
//! lets in anyway. `pidfd_getfd(2)` wants more: the right to attach as a debugger does.

use std::fs::{self, File, OpenOptions, Permissions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use ipc_core::lease::{self, Lease};
use ipc_core::ring::SEGMENT_LEN;
use ipc_core::{Advise, Call, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::libc::{MFD_NOEXEC_SEAL, O_NOCTTY, O_NONBLOCK};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::geteuid;

use crate::Mmap;
use crate::file::advise_on_place;

/// What `/proc` shows of the memory's descriptor, with `/memfd:` in front.
const NAME: &str = "ipc-mmap";

/// Never shorter, never longer, and no seal more. A peer that could cut the memory short could have us end by `SIGBUS`.
/// (`F_SEAL_SEAL` keeps a peer from adding `F_SEAL_WRITE`, after which nobody else could map the memory.)
const SEALS: SealFlag = SealFlag::F_SEAL_SHRINK.union(SealFlag::F_SEAL_GROW).union(SealFlag::F_SEAL_SEAL);

/// The memory, open for the other side to find.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) memory: File,
    /// The link that leads there, if the user named a path. Removed together with this value.
    link: Option<(PathBuf, Lease)>,
}

impl Door {
    /// Makes the memory, and a link to it at `path`, where nothing may be yet.
    pub(crate) fn create(path: Option<PathBuf>) -> Result<Self> {
        let memory = create()?;
        let Some(path) = path else {
            lease::sweep::<Mmap>()?; // of this meeting itself there is nothing to be left
            return Ok(Self { memory, link: None });
        };
        let lease = Lease::take::<Mmap>(None)?;
        let target = proc_path(&memory);
        let placed = lease.place(&path, |path| symlink(&target, path).call("symlink"));
        advise_on_place(placed, &path)?;
        Ok(Self { memory, link: Some((path, lease)) })
    }

    /// The path by which the other side finds it.
    pub(crate) fn address(&self) -> PathBuf {
        self.link.as_ref().map_or_else(|| proc_path(&self.memory), |(path, _)| path.clone())
    }

    pub(crate) fn describe(&self) -> String {
        let memory = proc_path(&self.memory).display().to_string();
        match &self.link {
            None => format!("memory without a name, open as {memory}, mapped"),
            Some((path, _)) => format!("memory open as {memory}, to which {} leads, mapped", path.display()),
        }
    }
}

/// What this process has open, as a path that any process of this user can open.
fn proc_path(file: &File) -> PathBuf {
    format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()).into()
}

// ANCHOR: create
/// Makes the memory: sealed, all zero, and for its owner alone.
fn create() -> Result<File> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    // Never a program to run. Linux before 6.3 does not know that flag; a system may require it.
    let memory = memfd_create(NAME, flags | MFdFlags::from_bits_retain(MFD_NOEXEC_SEAL))
        .or_else(|errno| if errno == Errno::EINVAL { memfd_create(NAME, flags) } else { Err(errno) });
    let memory = File::from(memory.call("memfd_create")?);
    memory.set_permissions(Permissions::from_mode(0o600)).call("fchmod")?;
    memory.set_len(SEGMENT_LEN as u64).call("ftruncate")?;
    fcntl(&memory, FcntlArg::F_ADD_SEALS(SEALS)).call("fcntl")?;
    Ok(memory)
}
// ANCHOR_END: create

/// Opens the memory that an owner has open; `None` if there is nothing at `address`, or not any more.
pub(crate) fn open(address: &Path) -> Result<Option<File>> {
    let no_memory = || Error::Usage(format!("{} does not lead to memory of an ipc-mmap", address.display()));
    let Some(mut target) = read_link(address, no_memory)? else { return Ok(None) };
    let mut door = address.to_owned();
    if is_proc_path(&target) {
        door = target;
        // Gone with its process, maybe: then the next `create` removes the link, too.
        let Some(next) = read_link(&door, no_memory)? else { return Ok(None) };
        target = next;
    }
    // Before it is opened, since to open something else could have effects. It proves nothing: see `check`.
    if !target.to_string_lossy().starts_with(&format!("/memfd:{NAME} ")) {
        return Err(no_memory());
    }
    match OpenOptions::new().read(true).write(true).custom_flags(O_NONBLOCK | O_NOCTTY).open(&door) {
        Err(error) if error.raw_os_error() == Some(Errno::ENOENT as i32) => Ok(None),
        opened => {
            let memory = opened.call("open")?;
            check(&memory)?;
            Ok(Some(memory))
        }
    }
}

// ANCHOR: check
/// Whether the memory is what its name says, before it is mapped. Anybody can give that name to anything.
fn check(memory: &File) -> Result<()> {
    let meta = memory.metadata().call("fstat")?;
    if meta.uid() != geteuid().as_raw() {
        return Err(Error::Usage("that memory is another user's".into()));
    }
    // EINVAL: nothing that can be sealed at all.
    let seals = fcntl(memory, FcntlArg::F_GET_SEALS).map_or(SealFlag::empty(), SealFlag::from_bits_retain);
    if !seals.contains(SEALS) {
        return Err(Error::Corrupt("the memory is not sealed: it could be cut short under us"));
    }
    if meta.len() != SEGMENT_LEN as u64 {
        return Err(Error::Corrupt("the memory has another length: not made by this program"));
    }
    Ok(())
}
// ANCHOR_END: check

/// Where a link leads; `None` if it is not there.
fn read_link(path: &Path, no_link: impl Fn() -> Error) -> Result<Option<PathBuf>> {
    match fs::read_link(path).call("readlink") {
        Err(error) if matches!(error.errno(), Some(Errno::ENOENT | Errno::ESRCH)) => Ok(None),
        Err(error) if error.errno() == Some(Errno::EINVAL) => Err(no_link()),
        read => read.map(Some).advise(Errno::EACCES, || format!("{} is another user's", path.display())),
    }
}

/// `/proc/PID/fd/N`
fn is_proc_path(path: &Path) -> bool {
    let number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let words: Vec<_> = path.to_str().unwrap_or_default().split('/').collect();
    matches!(words[..], ["", "proc", pid, "fd", fd] if number(pid) && number(fd))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_descriptor_of_a_process_is_followed() {
        assert!(is_proc_path(Path::new("/proc/12/fd/3")));
        for other in [
            "/proc/self/fd/3",
            "/proc/12/fd/",
            "/proc/12/fd/3/x",
            "proc/12/fd/3",
            "/proc/12/root",
            "/dev/tty",
        ] {
            assert!(!is_proc_path(Path::new(other)), "{other}");
        }
    }

    #[test]
    fn the_memory_is_for_its_owner_alone_and_sealed() {
        let memory = create().unwrap();
        assert_eq!(memory.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        check(&memory).unwrap();
    }
}
