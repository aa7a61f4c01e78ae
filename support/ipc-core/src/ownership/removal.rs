//! Removing the objects that one ownership lock notes, and then the lock.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::directories::is_at;
use super::external::remove_noted;
use super::{Reclaim, open_private};
use crate::error::{Advise, Call};
use crate::note::{Note, Records};
use crate::{Error, Result};

/// The file in an ownership lock's directory that names the objects outside it, one per line.
pub(super) const RECORDS: &str = "records";

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

/// The outcome for one ownership lock.
pub(super) enum Cleared {
    /// A live process holds it.
    Held,
    /// It does not exist.
    Nothing,
    Removed,
    Left(Vec<Left>),
}

/// Returns the entries of a directory; none if it has just been removed.
pub(super) fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
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
