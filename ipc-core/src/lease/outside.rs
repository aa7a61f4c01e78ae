//! Objects outside of the private directory: how they are noted, and removed.
//!
//! A process can be killed between any two system calls. What it has made must be noted by then, and the note must be
//! of that object and no other: another program may make one at the same path, or under the same key. So an object is
//! noted twice. First the intention: what will be there under a name, or of a mode, that only this suite gives. Then
//! it is made, noted for exactly what it is, and last given the name or the mode that it is to have.

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::AT_FDCWD;
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat};
use nix::unistd::geteuid;

use super::place::unless_absent;
use super::record::{Inode, Note};
use super::{Lease, Reclaim, random};
use crate::error::{Advise, Call};
use crate::sys::rename_new;
use crate::{Error, Result};

/// How the names of what is not yet at its place begin; 16 random hexadecimal digits follow.
pub(super) const HIDDEN: &str = ".ipc-";

/// The mode in which an object is made that cannot be renamed, until it is noted for what it is: for its owner alone,
/// with the bits for set-user-ID, set-group-ID and sticky, which mean nothing here. No other program gives it.
pub const MARK: u32 = 0o7600;

/// The same for System V objects, which have nine bits, of which those for execution mean nothing.
pub const SYSTEM_V_MARK: u32 = 0o711;

/// Whether an object of the file system has the [`MARK`]; the umask may have taken some of the rest.
#[must_use]
pub const fn is_marked(mode: u32) -> bool {
    mode & 0o7000 == MARK & 0o7000 && mode & 0o777 & !MARK == 0
}

impl Lease {
    /// Makes an object with `make` and puts it at `path`, where nothing may be yet. It is removed after the last
    /// holder, unless something else is there by then.
    ///
    /// At no moment is there an object that is not noted. It is made under a name that nobody else uses, so that this
    /// name can be noted before; then noted for what it is; and then renamed to `path`.
    ///
    /// # Errors
    /// As `make`. `EEXIST`: there is something at `path`. `ENAMETOOLONG`: the file system allows no such name.
    pub fn place<T>(&self, path: &Path, make: impl Fn(&Path) -> Result<T>) -> Result<T> {
        if path.starts_with(&self.0.dir) {
            return make(path); // goes with the private directory
        }
        let path = std::path::absolute(path).call("getcwd")?;
        let hidden = path.with_file_name(format!("{HIDDEN}{:016x}", random()));
        self.record(Note::Hidden(hidden.clone()))?;
        let made = make(&hidden)?;
        self.record(note_of(&hidden, &path)?)?;
        let placed = match rename_new(&hidden, &path) {
            // Not on this file system (NFS): then there is a moment between making and noting.
            Err(Errno::EINVAL) => {
                remove_at(&hidden, |_| true)?;
                make(&path).and_then(|made| self.record(note_of(&path, &path)?).map(|()| made))
            }
            renamed => renamed.call("renameat2").map(|()| made),
        };
        placed
            .advise(Errno::EEXIST, || format!("{} is in use: name one that is not there yet", path.display()))
            .advise(Errno::ENAMETOOLONG, || "choose a shorter name".into())
    }

    /// The same for an object that cannot be renamed, as a socket that is to be known by the name that it was bound to:
    /// `make` gives it the mode [`MARK`], by which it is known until it is noted for what it is. Then it gets `mode`.
    ///
    /// # Errors
    /// As `make`, which refuses where there is something at `path`.
    pub fn place_marked<T>(&self, path: &Path, mode: u32, make: impl FnOnce() -> Result<T>) -> Result<T> {
        let path = std::path::absolute(path).call("getcwd")?;
        self.record(Note::Marked(path.clone()))?;
        let made = make()?;
        self.record(note_of(&path, &path)?)?;
        let mode = Mode::from_bits_truncate(mode & 0o777);
        let changed = fchmodat(AT_FDCWD, &path, mode, FchmodatFlags::NoFollowSymlink);
        changed.call("fchmodat").on(path.display()).map(|()| made)
    }
}

/// What to note so that the object that is now at `at` will be known again at `path`, in the same directory.
fn note_of(at: &Path, path: &Path) -> Result<Note> {
    let inode = Inode::of(&fs::symlink_metadata(at).call("lstat").on(at.display())?);
    let directory = at.parent().unwrap_or(at);
    let beside = fs::metadata(directory).call("stat").on(directory.display())?.dev();
    Ok(Note::Path(inode, beside, path.to_owned()))
}

/// Removes what is noted. `Ok`: there is nothing of ours there, now or before.
pub(super) fn remove_noted(note: &Note, reclaim: Reclaim) -> Result<()> {
    match note {
        Note::Hidden(path) => remove_at(path, |_| true),
        Note::Marked(path) => remove_at(path, |meta| is_marked(meta.mode())),
        Note::Path(inode, beside, path) => {
            if !remove_at_if_there(path, |meta| Inode::of(meta) == *inode)? {
                check_that_it_would_be_seen(path, *beside)?;
            }
            Ok(())
        }
        Note::SystemV(..) | Note::Queue(..) => reclaim(note),
    }
}

/// Whether what is noted is there, seen from this process. In another mount namespace the same path may lead to
/// something else, or to nothing.
pub(super) fn is_here(note: &Note) -> Result<bool> {
    let at = |path: &Path| unless_absent(fs::symlink_metadata(path)).call("lstat").on(path.display());
    Ok(match note {
        Note::Hidden(path) => at(path)?.is_some(),
        Note::Marked(path) => at(path)?.is_some_and(|meta| is_marked(meta.mode())),
        Note::Path(inode, _, path) => at(path)?.is_some_and(|meta| Inode::of(&meta) == *inode),
        Note::SystemV(..) | Note::Queue(..) => false,
    })
}

fn remove_at(path: &Path, is_ours: impl Fn(&Metadata) -> bool) -> Result<()> {
    remove_at_if_there(path, is_ours).map(drop)
}

/// Removes what is at `path`, if that `is_ours`. `false`: there is nothing.
fn remove_at_if_there(path: &Path, is_ours: impl Fn(&Metadata) -> bool) -> Result<bool> {
    let found = unless_absent(fs::symlink_metadata(path)).call("lstat").on(path.display())?;
    let Some(meta) = found else { return Ok(false) };
    let kind = meta.file_type();
    let may_be = kind.is_dir() || kind.is_fifo() || kind.is_socket() || kind.is_file() || kind.is_symlink();
    if !may_be || meta.uid() != geteuid().as_raw() || !is_ours(&meta) {
        return Ok(true);
    }
    // Of a symbolic link, the link and not what it leads to.
    let removed =
        if kind.is_dir() { fs::remove_dir(path).call("rmdir") } else { fs::remove_file(path).call("unlink") };
    match removed {
        Err(error) if error.errno() == Some(Errno::ENOENT) => Ok(true),
        removed => removed.on(path.display()).map(|()| true),
    }
}

/// Nothing at a path can mean that the object is gone, or that its file system is not mounted here: in another
/// container, or any more.
fn check_that_it_would_be_seen(path: &Path, device: u64) -> Result<()> {
    let above = path.ancestors().skip(1).find_map(|above| fs::metadata(above).ok());
    match above {
        Some(above) if above.dev() == device => Ok(()),
        _ => Err(Error::Usage(
            "its file system is not mounted here: mount it and clean again, or, if it is gone for good, remove the \
             directory that notes it"
                .into(),
        )),
    }
}
