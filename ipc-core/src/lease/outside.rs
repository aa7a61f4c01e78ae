//! Objects outside of the private directory, at a path that the user named: how they are noted, and removed.
//!
//! A process can be killed between any two system calls. What it has made must be noted by then, and the note must be
//! of that object and no other: somebody else may make one at the same path.

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::geteuid;

use super::place::identity;
use super::{Lease, random};
use crate::error::{Advise, Call};
use crate::sys::rename_new;
use crate::{Error, Result};

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
        check_can_be_noted(&path)?;
        let hidden = path.with_file_name(format!(".ipc-{:016x}", random()));
        self.record(&format!("name {}", hidden.display()))?;
        let made = make(&hidden)?;
        self.record(&note(&hidden, &path)?)?;
        let placed = match rename_new(&hidden, &path) {
            // Not on this file system (NFS): then there is a moment between making and noting.
            Err(Errno::EINVAL) => {
                remove_name(&hidden);
                make(&path).and_then(|made| self.record_path(&path).map(|()| made))
            }
            renamed => renamed.call("renameat2").map(|()| made),
        };
        placed
            .advise(Errno::EEXIST, || format!("{} is in use: name one that is not there yet", path.display()))
            .advise(Errno::ENAMETOOLONG, || "choose a shorter name".into())
    }

    /// Notes an object that is at a `path` outside of the private directory, as [`place`](Self::place) does, for one
    /// that cannot be renamed. A process that is killed between making and noting it leaves it behind.
    ///
    /// # Errors
    /// There is nothing at `path`; or the note cannot be written: then the object is removed at once, since nobody
    /// would do it later.
    pub fn record_path(&self, path: &Path) -> Result<()> {
        let path = std::path::absolute(path).call("getcwd")?;
        let noted =
            check_can_be_noted(&path).and_then(|()| note(&path, &path)).and_then(|note| self.record(&note));
        noted.inspect_err(|_| remove_name(&path))
    }
}

/// Refuses a path that would not come back from a note, which is a line of text: what a line break parts, or what has
/// to be replaced to be text, is another path, and maybe somebody's.
fn check_can_be_noted(path: &Path) -> Result<()> {
    match path.to_str() {
        Some(text) if !text.contains('\n') => Ok(()),
        _ => Err(Error::Usage(format!(
            "{:?} has a line break or is no UTF-8: name a path that can be written down on a line",
            path.to_string_lossy()
        ))),
    }
}

/// What to write down so that the object that is now at `at` will be known again at `path`.
fn note(at: &Path, path: &Path) -> Result<String> {
    let meta = fs::symlink_metadata(at).call("lstat")?;
    Ok(format!("path {} {}", identity(&meta), path.display()))
}

/// Removes what a record notes; `false` if the record is of another kind.
pub(super) fn remove_outside(record: &str) -> bool {
    match record.split_once(' ') {
        Some(("name", path)) => remove_name(Path::new(path)),
        Some(("path", object)) => remove_path(object),
        _ => return false,
    }
    true
}

/// Whether what a record notes is there, seen from this process. In another mount namespace the same path may lead to
/// something else, or to nothing.
pub(super) fn is_here(record: &str) -> bool {
    match record.split_once(' ') {
        Some(("name", path)) => fs::symlink_metadata(path).is_ok(),
        Some(("path", object)) => find(object).is_some(),
        _ => false,
    }
}

/// Removes the object of a `name` record: nobody else uses that name.
fn remove_name(path: &Path) {
    if let Ok(meta) = fs::symlink_metadata(path) {
        remove_object(path, &meta);
    }
}

/// Removes the object of a `path` record.
fn remove_path(object: &str) {
    if let Some((path, meta)) = find(object) {
        remove_object(path, &meta);
    }
}

/// The object of a `path` record, if it is still the one that was noted.
fn find(object: &str) -> Option<(&Path, Metadata)> {
    let (noted, path) = object.split_once(' ')?;
    let meta = fs::symlink_metadata(path).ok()?;
    (identity(&meta) == noted).then_some((Path::new(path), meta))
}

fn remove_object(path: &Path, meta: &Metadata) {
    if meta.uid() != geteuid().as_raw() {
        return;
    }
    let kind = meta.file_type();
    // What cannot be removed stays; nobody is left to be told. A directory that is not empty holds what is not ours.
    let _ = match kind.is_dir() {
        true => fs::remove_dir(path),
        // Of a symbolic link, the link and not what it leads to.
        false if kind.is_fifo() || kind.is_socket() || kind.is_file() || kind.is_symlink() => {
            fs::remove_file(path)
        }
        false => Ok(()),
    };
}
