//! Objects outside the private directory: how they are noted and removed.
//!
//! A process can be killed between any two system calls. By then, whatever it has made must be noted, and the note must
//! apply to that object alone: another program may make one at the same path, or under the same key. So an object is
//! noted twice. First comes the intention: the object will have a name, or a mode, that only this suite uses. Then it
//! is made, noted exactly, and finally given its intended name or mode.

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::geteuid;

use super::directories::unless_absent;
use super::{OwnershipLock, Reclaim};
use crate::error::{Advise, Call};
use crate::note::{HIDDEN, Inode, Note, is_marked};
use crate::sys::rename_new;
use crate::{Error, Result, random, set_mode};

impl OwnershipLock {
    /// Makes an object with `make` and puts it at `path`, where nothing may exist yet. It is removed after the last
    /// holder, unless something else is there by then.
    ///
    /// At no moment does an object exist that is not noted. It is created under a name that no other process uses, so
    /// that this name can be noted first; then it is noted exactly; and then it is renamed to `path`.
    ///
    /// # Errors
    /// The errors of `make`. `EEXIST`: `path` exists. `ENAMETOOLONG`: the file system does not allow such a name.
    pub fn publish<T>(&self, path: &Path, make: impl Fn(&Path) -> Result<T>) -> Result<T> {
        if path.starts_with(&self.0.dir) {
            return make(path); // removed with the private directory
        }
        let path = std::path::absolute(path).call("getcwd")?;
        let hidden = path.with_file_name(format!("{HIDDEN}{:016x}", random()));
        self.record(Note::Hidden(hidden.clone()))?;
        let made = make(&hidden)?;
        self.record(note_of(&hidden, &path)?)?;
        let placed = match rename_new(&hidden, &path) {
            // Not supported on this file system (NFS): then there is a moment between making and noting.
            Err(Errno::EINVAL) => {
                remove_at(&hidden, |_| true)?;
                make(&path).and_then(|made| self.record(note_of(&path, &path)?).map(|()| made))
            }
            renamed => renamed.call("renameat2").map(|()| made),
        };
        placed
            .advise(Errno::EEXIST, || format!("{} is in use: choose another path", path.display()))
            .advise(Errno::ENAMETOOLONG, || "choose a shorter name".into())
    }

    /// Makes an object that cannot be renamed, such as a socket that must keep the name it was bound to: `make` gives
    /// it the mode [`MARK`](super::MARK), which identifies it until it is noted exactly. Then it gets `mode`.
    ///
    /// # Errors
    /// The errors of `make`, which fails if something exists at `path`.
    pub fn publish_marked<T>(&self, path: &Path, mode: u32, make: impl FnOnce() -> Result<T>) -> Result<T> {
        let path = std::path::absolute(path).call("getcwd")?;
        self.record(Note::Marked(path.clone()))?;
        let made = make()?;
        self.record(note_of(&path, &path)?)?;
        set_mode(&path, mode & 0o777).call("fchmodat").on(path.display()).map(|()| made)
    }
}

/// Returns the note by which the object that is now at `at` will be recognised at `path`, in the same directory.
fn note_of(at: &Path, path: &Path) -> Result<Note> {
    let inode = Inode::of(&fs::symlink_metadata(at).call("lstat").on(at.display())?);
    let directory = at.parent().unwrap_or(at);
    let beside = fs::metadata(directory).call("stat").on(directory.display())?.dev();
    Ok(Note::Path(inode, beside, path.to_owned()))
}

/// Removes the noted object. `Ok` means that no object of ours is there, whether or not there was one.
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
        Note::SystemV(..) | Note::Queue(..) | Note::AtServer(_) => reclaim(note),
    }
}

/// Returns whether the noted object can be seen from this process. In another mount namespace the same path may lead to
/// something else, or to nothing.
pub(super) fn is_here(note: &Note) -> Result<bool> {
    let at = |path: &Path| unless_absent(fs::symlink_metadata(path)).call("lstat").on(path.display());
    Ok(match note {
        Note::Hidden(path) => at(path)?.is_some(),
        Note::Marked(path) => at(path)?.is_some_and(|meta| is_marked(meta.mode())),
        Note::Path(inode, _, path) => at(path)?.is_some_and(|meta| Inode::of(&meta) == *inode),
        Note::SystemV(..) | Note::Queue(..) | Note::AtServer(_) => false,
    })
}

fn remove_at(path: &Path, is_ours: impl Fn(&Metadata) -> bool) -> Result<()> {
    remove_at_if_there(path, is_ours).map(drop)
}

/// Removes the object at `path`, if it `is_ours`. Returns `false` if there is nothing.
fn remove_at_if_there(path: &Path, is_ours: impl Fn(&Metadata) -> bool) -> Result<bool> {
    let found = unless_absent(fs::symlink_metadata(path)).call("lstat").on(path.display())?;
    let Some(meta) = found else { return Ok(false) };
    let kind = meta.file_type();
    let may_be = kind.is_dir() || kind.is_fifo() || kind.is_socket() || kind.is_file() || kind.is_symlink();
    if !may_be || meta.uid() != geteuid().as_raw() || !is_ours(&meta) {
        return Ok(true);
    }
    // A symbolic link itself, not its target.
    let removed =
        if kind.is_dir() { fs::remove_dir(path).call("rmdir") } else { fs::remove_file(path).call("unlink") };
    match removed {
        Err(error) if error.errno() == Some(Errno::ENOENT) => Ok(true),
        removed => removed.on(path.display()).map(|()| true),
    }
}

/// Returns an error if the object, though not found at `path`, may still exist: its file system may not be mounted
/// here, in another container, or may have been unmounted.
fn check_that_it_would_be_seen(path: &Path, device: u64) -> Result<()> {
    let above = path.ancestors().skip(1).find_map(|above| fs::metadata(above).ok());
    match above {
        Some(above) if above.dev() == device => Ok(()),
        _ => Err(Error::Refused(
            "its file system is not mounted here: mount it and clean again, or, if it is gone for good, remove the \
             directory that notes it"
                .into(),
        )),
    }
}
