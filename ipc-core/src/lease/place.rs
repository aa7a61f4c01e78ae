//! Where the leases are, and what may be believed of a directory that is found there.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use nix::errno::Errno;
use nix::libc::{O_DIRECTORY, O_NOFOLLOW};
use nix::unistd::geteuid;

use crate::error::{Advise, Call};
use crate::{Error, Mechanism, Result};

/// Where this user's leases are.
pub(super) fn base() -> PathBuf {
    let base = std::env::temp_dir().join(format!("ipc-suite-{}", geteuid()));
    // Absolute, so that a peer that was started elsewhere finds an address inside; TMPDIR may not be.
    std::path::absolute(&base).unwrap_or(base)
}

/// How the names of the leases of mechanism `M` begin: those, and no others, are for this process to sweep.
pub(super) fn prefix<M: Mechanism>() -> String {
    let name = M::PROFILE.name;
    if M::IN_IPC_NAMESPACE { format!("{name}-{}-", ipc_namespace()) } else { format!("{name}-") }
}

/// Tells this thread's IPC namespace apart from all others that there are now; 0 where the kernel does not say. The
/// first one has the same number after each boot. That of another goes to a new one when it has ended: what is noted
/// in a lease must be checked all the same.
/// See [namespaces(7)](https://man7.org/linux/man-pages/man7/namespaces.7.html).
fn ipc_namespace() -> u64 {
    fs::metadata("/proc/thread-self/ns/ipc").map_or(0, |namespace| namespace.ino())
}

pub(super) fn make_base() -> Result<()> {
    let base = base();
    match DirBuilder::new().mode(0o700).create(&base) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error)
            .call("mkdir")
            .advise(Errno::ENOENT, || format!("TMPDIR names no directory: {}", base.display()))
            .advise(Errno::ENOTDIR, || format!("TMPDIR names no directory: {}", base.display()))
            .advise(Errno::EACCES, || format!("set TMPDIR to a directory of yours: {}", base.display())),
        _ => check_private(&base).map(drop),
    }
}

/// Whether `dir` is there. In `/tmp` anyone can make a directory of any name: another's is refused.
pub(super) fn check_private(dir: &Path) -> Result<bool> {
    let Ok(meta) = fs::symlink_metadata(dir) else { return Ok(false) };
    if meta.is_dir() && meta.uid() == geteuid().as_raw() && meta.mode() & 0o777 == 0o700 {
        return Ok(true);
    }
    Err(Error::Usage(format!(
        "{} is not a private directory of yours (mode 0700): remove it, or set TMPDIR elsewhere",
        dir.display()
    )))
}

/// Opens a directory, never through a symbolic link; `None` if there is none.
pub(super) fn open_dir(dir: &Path) -> Result<Option<File>> {
    match OpenOptions::new().read(true).custom_flags(O_DIRECTORY | O_NOFOLLOW).open(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        opened => opened.call("open").map(Some),
    }
}

/// Whether the open directory `lock` is still the one that `dir` names.
pub(super) fn is_at(lock: &File, dir: &Path) -> bool {
    let identity = |meta: std::io::Result<fs::Metadata>| meta.ok().as_ref().map(identity);
    identity(lock.metadata()) == identity(fs::symlink_metadata(dir))
}

/// Tells an object of the file system apart from any other, in one word. Device and inode alone would not: the
/// number of a removed inode goes to the next file that is made. With its time of birth, where the file system keeps
/// one, it does not come again.
pub(super) fn identity(meta: &fs::Metadata) -> String {
    let born = meta.created().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    format!("{}:{}:{}", meta.dev(), meta.ino(), born.unwrap_or_default().as_nanos())
}
