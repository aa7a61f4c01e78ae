//! The location of the ownership locks, and what may be trusted about a directory that is found there.
//!
//! | | the directory `ipc-suite-UID` is in |
//! |---|---|
//! | 1 | `TMPDIR`, if set: there and nowhere else |
//! | 2 | `XDG_RUNTIME_DIR`, if that is a private directory of this user, as a login session has one |
//! | 3 | `/tmp` |
//!
//! An ownership lock is taken at the first of 2 and 3 where that is possible, and looked for at both: of two processes
//! that meet, one may belong to a session and the other not. In a directory that all users may write to, another user
//! may have made `ipc-suite-UID` first. Then ours has some letters appended to its name. It is recognised by its owner.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::libc::{O_DIRECTORY, O_NOFOLLOW};
use nix::unistd::geteuid;

use crate::error::{Advise, Call};
use crate::note::Inode;
use crate::{Error, Mechanism, Result, random};

/// Returns the parents of directories of ownership locks, for this process. The first is the preferred one.
pub(super) fn parents() -> Vec<PathBuf> {
    match named("TMPDIR") {
        Some(named) => vec![named],
        None => runtime_dir().into_iter().chain([PathBuf::from("/tmp")]).collect(),
    }
}

/// Returns the parents for any process of this user, as far as this process can know them.
pub(super) fn all_parents() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = Vec::new();
    for parent in named("TMPDIR").into_iter().chain(runtime_dir()).chain([PathBuf::from("/tmp")]) {
        // One directory can have two names, and would be swept and reported twice.
        let same = |other: &PathBuf| *other == parent || is_same(other, &parent);
        if !all.iter().any(same) {
            all.push(parent);
        }
    }
    all
}

fn is_same(one: &Path, other: &Path) -> bool {
    let number = |path: &Path| fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
    number(one).is_some_and(|one| number(other) == Some(one))
}

/// Returns the directory that an environment variable names.
fn named(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).filter(|path| !path.is_empty())?;
    // Absolute, so that a peer started in another directory can use an address inside; TMPDIR may be relative.
    Some(std::path::absolute(&path).unwrap_or_else(|_| path.into()))
}

fn runtime_dir() -> Option<PathBuf> {
    let dir = named("XDG_RUNTIME_DIR").filter(|dir| dir.to_str().is_some())?;
    let meta = fs::symlink_metadata(&dir).ok()?;
    (meta.is_dir() && meta.uid() == geteuid().as_raw() && meta.mode() & 0o777 == 0o700).then_some(dir)
}

fn base_name() -> String {
    format!("ipc-suite-{}", geteuid())
}

/// Returns the existing directories of ownership locks for this process.
pub(super) fn bases() -> Result<Vec<PathBuf>> {
    bases_in(&parents())
}

/// Returns the directories of ownership locks in any of `parents`: those with our name and our owner.
pub(super) fn bases_in(parents: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for parent in parents {
        let mut found = Vec::new();
        for name in names_in(parent)? {
            let dir = parent.join(name);
            if is_ours(&dir)? {
                found.push(dir);
            }
        }
        found.sort();
        for dir in &found {
            make_private(dir)?;
        }
        all.append(&mut found);
    }
    Ok(all)
}

/// Returns the names in `parent` that a directory of ownership locks may have.
fn names_in(parent: &Path) -> Result<Vec<std::ffi::OsString>> {
    let name = base_name();
    let longer = format!("{name}-");
    let wanted =
        |found: &OsStr| found.to_str().is_some_and(|found| found == name || found.starts_with(&longer));
    let entries = match fs::read_dir(parent) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        // A user may have permission to create files there but not to list the directory.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(vec![name.into()]),
        entries => advise_on_space(entries.call("opendir").on(parent.display()))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.call("readdir").on(parent.display())?.file_name());
    }
    names.retain(|found| wanted(found));
    Ok(names)
}

/// Returns whether `dir` is a directory of this user. In `/tmp` any user can make one of any name.
fn is_ours(dir: &Path) -> Result<bool> {
    let looked = unless_absent(fs::symlink_metadata(dir)).call("lstat").on(dir.display());
    Ok(advise_on_space(looked)?.is_some_and(|meta| meta.is_dir() && meta.uid() == geteuid().as_raw()))
}

/// Returns the metadata, or `None` if the name does not exist. Other failures stay errors.
pub(super) fn unless_absent(looked: std::io::Result<Metadata>) -> std::io::Result<Option<Metadata>> {
    match looked {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        looked => looked.map(Some),
    }
}

/// Gives a directory of ours exactly the mode 0700. The umask may have cleared bits when it was made.
fn make_private(dir: &Path) -> Result<()> {
    match fs::symlink_metadata(dir) {
        Ok(meta) if meta.mode() & 0o7777 != 0o700 => {
            let repaired = fs::set_permissions(dir, Permissions::from_mode(0o700));
            unless_gone(repaired).call("chmod").on(dir.display())
        }
        _ => Ok(()),
    }
}

fn unless_gone(done: std::io::Result<()>) -> std::io::Result<()> {
    match done {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Makes a private directory, whatever the umask.
pub(super) fn make_dir(dir: &Path) -> Result<()> {
    DirBuilder::new().mode(0o700).create(dir).call("mkdir").on(dir.display())?;
    make_private(dir)
}

/// Returns the directory for new ownership locks, and makes it if there is none.
pub(super) fn make_base() -> Result<PathBuf> {
    let mut refused = None;
    for parent in parents() {
        match make_base_in(&parent) {
            Ok(base) => return Ok(base),
            Err(error) => refused = Some(error),
        }
    }
    Err(refused.expect("there is one place at least"))
}

fn make_base_in(parent: &Path) -> Result<PathBuf> {
    if parent.to_str().is_none() {
        return Err(Error::Refused(format!(
            "TMPDIR is not UTF-8 ({}), and an address in it could not be named: set TMPDIR to another directory",
            parent.display()
        )));
    }
    let plain = parent.join(base_name());
    loop {
        if let Some(found) = bases_in(&[parent.to_owned()])?.into_iter().next() {
            return Ok(found);
        }
        let made = match make_dir(&plain) {
            Err(error) if error.errno() == Some(Errno::EEXIST) && !is_ours(&plain)? => make_other_in(parent),
            made => made,
        };
        match advise_on_space(made) {
            Err(error) if error.errno() == Some(Errno::EEXIST) => {} // another process was faster
            made => made?, // then try again: if two processes make one each, both use the first
        }
    }
}

/// Makes a directory of another name, where another user has the plain one.
fn make_other_in(parent: &Path) -> Result<()> {
    let other = parent.join(format!("{}-{:016x}", base_name(), random()));
    make_dir(&other)?;
    if names_in(parent)?.iter().any(|name| other.ends_with(name)) {
        return Ok(());
    }
    // It could not be found again in a directory that cannot be listed.
    let _ = fs::remove_dir(&other);
    Err(Errno::EACCES).call("opendir").on(parent.display())
}

/// Adds advice to a failure to create something in the directory of ownership locks.
pub(super) fn advise_on_space<T>(made: Result<T>) -> Result<T> {
    let elsewhere = |why: &'static str| move || format!("{why}: set TMPDIR to a writable directory");
    made.advise(Errno::ENOENT, elsewhere("there is no such directory"))
        .advise(Errno::ENOTDIR, elsewhere("there is no such directory"))
        .advise(Errno::EACCES, elsewhere("you may not write there"))
        .advise(Errno::EPERM, elsewhere("you may not write there"))
        .advise(Errno::EROFS, elsewhere("the file system is read-only"))
        .advise(Errno::ENOSPC, elsewhere("the file system has no space or no inodes left"))
        .advise(Errno::EDQUOT, elsewhere("your quota is used up"))
        .advise(Errno::ENAMETOOLONG, || "set TMPDIR to a directory with a shorter path".into())
        .advise(Errno::EFBIG, || "the limit on the size of files (ulimit -f) is too small".into())
}

/// Returns the prefix of the names of the ownership locks of mechanism `M`: this process sweeps those, and no others.
///
/// The number of an IPC namespace distinguishes it from all others that exist now; it is 0 where the kernel has none.
/// The first namespace has the same number after each boot. The number of an ended one passes to a new one: the
/// contents of an ownership lock must be checked all the same.
/// See [namespaces(7)](https://man7.org/linux/man-pages/man7/namespaces.7.html).
pub(super) fn prefix<M: Mechanism>() -> Result<String> {
    let name = M::PROFILE.name;
    // Not that of the process: a thread may be in a namespace of its own.
    let namespace = || crate::process::namespace("/proc/thread-self/ns/ipc");
    Ok(if M::IN_IPC_NAMESPACE { format!("{name}-{}-", namespace()?) } else { format!("{name}-") })
}

/// Opens a directory of this user, never through a symbolic link; returns `None` if there is none.
pub(super) fn open_dir(dir: &Path) -> Result<Option<File>> {
    let open = || OpenOptions::new().read(true).custom_flags(O_DIRECTORY | O_NOFOLLOW).open(dir);
    let opened = match open() {
        // A process that was killed before it set the mode had created it with an odd umask.
        Err(error) if error.kind() == ErrorKind::PermissionDenied && is_ours(dir)? => {
            make_private(dir)?;
            open()
        }
        opened => opened,
    };
    let opened = match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.call("open").on(dir.display())?,
    };
    if opened.metadata().call("fstat")?.uid() != geteuid().as_raw() {
        return Err(Error::Refused(format!("{} is another user's: remove it", dir.display())));
    }
    Ok(Some(opened))
}

/// Returns whether the open directory `lock` is still the one that `dir` names.
pub(super) fn is_at(lock: &File, dir: &Path) -> Result<bool> {
    let held = Inode::of(&lock.metadata().call("fstat")?);
    match fs::symlink_metadata(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        found => Ok(Inode::of(&found.call("lstat").on(dir.display())?) == held),
    }
}
