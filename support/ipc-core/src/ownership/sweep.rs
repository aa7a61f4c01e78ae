//! Finding what dead processes left, and removing or reporting it.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::directories::{all_parents, bases, bases_in, is_at, open_dir, prefix};
use super::external::{is_here, remove_noted};
use super::held::{RECORDS, lock_shared};
use super::record::{Note, Records};
use super::{Reclaim, find, open_private};
use crate::error::{Advise, Call};
use crate::{Error, Mechanism, Result};

/// The result of a sweep.
#[derive(Debug, Default)]
pub struct Sweep {
    /// The removed ownership locks of dead processes; all objects that they noted are gone too.
    pub removed: Vec<PathBuf>,
    /// The objects that are still there, with the reasons.
    pub left: Vec<Left>,
}

/// An object of a dead process that could not be removed. Its note stays for the next sweep.
#[derive(Debug)]
pub struct Left {
    /// The ownership lock that notes it.
    pub ownership: PathBuf,
    /// A description of the object.
    pub what: String,
    /// The reason why it is still there.
    pub why: Error,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

/// Removes what dead processes left of mechanism `M`, in the places where this process [looks](super). Never touches an
/// object that a live process holds, or that belongs to another user.
///
/// # Errors
/// The directories of ownership locks cannot be read. An object that cannot be removed is not an error: it is reported in the
/// result.
pub fn sweep<M: Mechanism>() -> Result<Sweep> {
    sweep_in::<M>(&bases()?)
}

/// Sweeps wherever an ownership lock of this user may be: see [`looked_at`].
///
/// # Errors
/// As [`sweep`].
pub fn sweep_everywhere<M: Mechanism>() -> Result<Sweep> {
    sweep_in::<M>(&bases_in(&all_parents())?)
}

/// Returns the directories in which [`sweep_everywhere`] looks for ownership locks.
#[must_use]
pub fn looked_at() -> Vec<PathBuf> {
    all_parents()
}

fn sweep_in<M: Mechanism>(bases: &[PathBuf]) -> Result<Sweep> {
    let mut swept = Sweep::default();
    for base in bases {
        for dir in locks_of::<M>(base)? {
            swept.note(dir.clone(), clear_if_dead(&dir, M::reclaim));
        }
        for dir in locks_elsewhere::<M>(base)? {
            swept.note(dir.clone(), clear_if_here(&dir));
        }
        let _ = fs::remove_dir(base); // succeeds only when it is empty
    }
    Ok(swept)
}

impl Sweep {
    fn note(&mut self, ownership: PathBuf, cleared: Result<Cleared>) {
        match cleared {
            Ok(Cleared::Removed) => self.removed.push(ownership),
            Ok(Cleared::Left(mut left)) => self.left.append(&mut left),
            Ok(Cleared::Held | Cleared::Nothing) => {}
            Err(why) => self.left.push(Left { what: ownership.display().to_string(), ownership, why }),
        }
    }
}

/// Returns the directories of the ownership locks of mechanism `M` that live processes hold, after a [`sweep`].
///
/// # Errors
/// As [`sweep`].
pub fn held<M: Mechanism>() -> Result<Vec<PathBuf>> {
    sweep::<M>()?;
    let mut held = Vec::new();
    for base in bases()? {
        for dir in locks_of::<M>(&base)? {
            if is_locked(&dir)? {
                held.push(dir);
            }
        }
    }
    Ok(held)
}

/// Returns whether a live process of this user holds the ownership lock `name` of mechanism `M`. Removes nothing.
///
/// # Errors
/// The ownership lock cannot be read.
pub fn is_held<M: Mechanism>(name: &str) -> Result<bool> {
    find::<M>(name)?.map_or(Ok(false), |dir| is_locked(&dir))
}

fn is_locked(dir: &Path) -> Result<bool> {
    match open_dir(dir)? {
        Some(lock) => Ok(!try_lock(&lock)?),
        None => Ok(false),
    }
}

fn try_lock(lock: &File) -> Result<bool> {
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error).call("flock"),
        Ok(()) => Ok(true),
    }
}

/// The outcome for one ownership lock.
pub(super) enum Cleared {
    /// A live process holds it.
    Held,
    /// It does not exist.
    Nothing,
    Removed,
    Left(Vec<Left>),
}

/// Removes an ownership lock that no process holds.
fn clear_if_dead(dir: &Path, reclaim: Reclaim) -> Result<Cleared> {
    let Some(lock) = open_dir(dir)? else { return Ok(Cleared::Nothing) };
    if !try_lock(&lock)? {
        return Ok(Cleared::Held);
    }
    remove(dir, &lock, &[], reclaim)
}

/// Does the same, but first waits for another process that is removing it.
pub(super) fn clear_after_others(dir: &Path, reclaim: Reclaim) -> Result<Cleared> {
    let Some(lock) = open_dir(dir)? else { return Ok(Cleared::Nothing) };
    lock_shared(&lock)?;
    if !try_lock(&lock)? {
        return Ok(Cleared::Held);
    }
    remove(dir, &lock, &[], reclaim)
}

/// Applies [`clear_if_dead`] to an ownership lock of another IPC namespace, if all the objects that it notes are at paths, and
/// one can be found from here.
fn clear_if_here(dir: &Path) -> Result<Cleared> {
    let notes = read_records(dir)?.notes;
    let mut found = false;
    for note in &notes {
        found = found || is_here(note)?;
    }
    if !found || !notes.iter().all(Note::is_of_a_path) {
        return Ok(Cleared::Nothing);
    }
    clear_if_dead(dir, |_| Err(Error::Usage("only a process of its own IPC namespace can remove it".into())))
}

/// Returns the ownership locks of this process's IPC namespace, or all, if the mechanism's objects do not belong to one.
fn locks_of<M: Mechanism>(base: &Path) -> Result<Vec<PathBuf>> {
    let prefix = prefix::<M>()?;
    locks_where(base, |name| name.starts_with(&prefix))
}

/// Returns the ownership locks of all other namespaces.
fn locks_elsewhere<M: Mechanism>(base: &Path) -> Result<Vec<PathBuf>> {
    let (all, ours) = (format!("{}-", M::PROFILE.name), prefix::<M>()?);
    locks_where(base, |name| name.starts_with(&all) && !name.starts_with(&ours))
}

fn locks_where(base: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    let mut locks = entries(base)?;
    locks.retain(|dir| dir.file_name().is_some_and(|name| wanted(&name.to_string_lossy())));
    Ok(locks)
}

/// Returns the entries of a directory; none if it has just been removed.
fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.call("opendir").on(dir.display())?,
    };
    entries.map(|entry| entry.map(|entry| entry.path()).call("readdir").on(dir.display())).collect()
}

/// Reads the notes of an ownership lock; none if it has no records.
pub(super) fn read_records(dir: &Path) -> Result<Records> {
    let path = dir.join(RECORDS);
    let mut bytes = Vec::new();
    match open_private(&path, OpenOptions::new().read(true)) {
        Err(error) if error.errno() == Some(Errno::ENOENT) => {}
        opened => {
            opened?.read_to_end(&mut bytes).call("read").on(path.display())?;
        }
    }
    Ok(Records::parse(&bytes))
}

/// Removes the objects noted in the directory that `lock` holds exclusively, or `noted` by this process, and then the
/// directory. If anything is left, the directory and its records stay.
pub(super) fn remove(dir: &Path, lock: &File, noted: &[Note], reclaim: Reclaim) -> Result<Cleared> {
    let is_there = is_at(lock, dir)?;
    if !is_there && noted.is_empty() {
        return Ok(Cleared::Nothing); // another process was faster
    }
    let mut left = Vec::new();
    let mut leave = |what: String, why| left.push(Left { ownership: dir.to_owned(), what, why });
    let mut notes = noted.to_vec();
    if is_there {
        match read_records(dir) {
            Ok(records) => {
                if let Some(complaint) = records.complaint(&dir.join(RECORDS)) {
                    leave(dir.display().to_string(), complaint);
                }
                notes.extend(records.notes.into_iter().filter(|note| !noted.contains(note)));
            }
            Err(error) => leave(dir.display().to_string(), error),
        }
    }
    // Newest first: the contents of a directory are removed before the directory.
    for note in notes.iter().rev() {
        if let Err(error) = remove_noted(note, reclaim) {
            leave(note.describe(), error);
        }
    }
    if !is_there {
        return Ok(if left.is_empty() { Cleared::Removed } else { Cleared::Left(left) });
    }
    // The records go last: they stay as long as anything is left.
    let mut inside = entries(dir)?;
    inside.retain(|path| path.file_name().is_some_and(|name| name != RECORDS));
    for path in inside {
        if let Err(error) = fs::remove_file(&path).call("unlink").on(path.display()) {
            leave(path.display().to_string(), error);
        }
    }
    if !left.is_empty() {
        return Ok(Cleared::Left(left));
    }
    match fs::remove_file(dir.join(RECORDS)) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        removed => removed.call("unlink").on(dir.join(RECORDS).display())?,
    }
    fs::remove_dir(dir).call("rmdir").on(dir.display())?;
    Ok(Cleared::Removed)
}
