//! Finding what dead processes left.

use std::fs;
use std::path::{Path, PathBuf};

use super::directories::{all_parents, bases, bases_in, open_dir, prefix};
use super::external::is_here;
use super::removal::{Cleared, Left, entries, read_records, remove};
use super::{Reclaim, find};
use crate::note::Note;
use crate::{Error, Mechanism, Result, flock};

/// The result of a sweep.
#[derive(Debug, Default)]
pub struct Sweep {
    /// The removed ownership locks of dead processes; all objects that they noted are gone too.
    pub removed: Vec<PathBuf>,
    /// The objects that are still there, with the reasons.
    pub left: Vec<Left>,
}

/// Removes what dead processes left of mechanism `M`, in the places where this process [looks](super). Never touches an
/// object that a live process holds, or that belongs to another user.
///
/// # Errors
/// The directories of ownership locks cannot be read. An object that cannot be removed is not an error: it is reported
/// in the result.
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
        Some(lock) => Ok(!flock::try_lock(&lock)?),
        None => Ok(false),
    }
}

/// Removes an ownership lock that no process holds.
fn clear_if_dead(dir: &Path, reclaim: Reclaim) -> Result<Cleared> {
    let Some(lock) = open_dir(dir)? else { return Ok(Cleared::Nothing) };
    if !flock::try_lock(&lock)? {
        return Ok(Cleared::Held);
    }
    remove(dir, &lock, &[], reclaim)
}

/// Does the same, but first waits for another process that is removing it.
pub(super) fn clear_after_others(dir: &Path, reclaim: Reclaim) -> Result<Cleared> {
    let Some(lock) = open_dir(dir)? else { return Ok(Cleared::Nothing) };
    flock::lock_shared(&lock)?;
    if !flock::try_lock(&lock)? {
        return Ok(Cleared::Held);
    }
    remove(dir, &lock, &[], reclaim)
}

/// Applies [`clear_if_dead`] to an ownership lock of another IPC namespace, if all the objects that it notes are at
/// paths, and one can be found from here.
fn clear_if_here(dir: &Path) -> Result<Cleared> {
    let notes = read_records(dir)?.notes;
    let mut found = false;
    for note in &notes {
        found = found || is_here(note)?;
    }
    if !found || !notes.iter().all(Note::is_of_a_path) {
        return Ok(Cleared::Nothing);
    }
    clear_if_dead(dir, |_| {
        Err(Error::Refused("only a process of its own IPC namespace can remove it".into()))
    })
}

/// Returns the ownership locks of this process's IPC namespace, or all, if the mechanism's objects do not belong to
/// one.
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
