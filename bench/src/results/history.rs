//! The runs that were saved: their names, which of them is taken, and which are removed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ipc_core::{Error, Result};

use crate::results::document::Document;
use crate::results::environment::{Environment, alike::differences};
use crate::results::output::FILE;
use crate::results::saved::{load, time_of};

/// A saved run.
#[derive(Debug)]
pub struct SavedRun {
    /// Its directory.
    pub dir: PathBuf,
    /// The time at which it was saved.
    pub when: SystemTime,
    /// Its results; an error if they cannot be read, such as those of an older version.
    pub document: Result<Document>,
}

/// The shortest run that is taken without being asked for, in seconds: a shorter one was a trial.
pub const SHORTEST: f64 = 1.0;

/// The name of the newest run.
pub const LATEST: &str = "latest";

/// Returns the directories of the runs in `place`, the newest first, each with the time at which it was saved.
#[must_use]
pub fn dirs(place: &Path) -> Vec<(SystemTime, PathBuf)> {
    let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
    let changed = |dir: &PathBuf| fs::metadata(dir.join(FILE)).and_then(|file| file.modified()).ok();
    let dirs = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut dirs: Vec<_> = dirs.filter_map(|dir| Some((changed(&dir)?, dir))).collect();
    dirs.sort_by(|a, b| b.cmp(a));
    dirs
}

/// Returns the runs in `place`, the newest first.
#[must_use]
pub fn runs(place: &Path) -> Vec<SavedRun> {
    dirs(place).into_iter().map(|(when, dir)| SavedRun { document: load(&dir), dir, when }).collect()
}

/// Returns the name by which a run is called: that of its directory, without a fraction of a second.
#[must_use]
pub fn name(dir: &Path) -> String {
    let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match time_of(&name) {
        Some(_) => name.split('.').next().unwrap_or(&name).to_owned(),
        None => name,
    }
}

/// Returns the directory, or the file, of the run that is called `text`: a path; `latest`; its number, of which 1 is the
/// newest; or the beginning of its name.
///
/// # Errors
/// [`Refused`](Error::Refused): there is none, or there are several.
pub fn find(place: Option<&Path>, text: &str) -> Result<PathBuf> {
    let path = Path::new(text);
    if text.contains('/') || path.exists() {
        return Ok(path.to_owned());
    }
    let dirs: Vec<PathBuf> = place.map(dirs).unwrap_or_default().into_iter().map(|(_, dir)| dir).collect();
    let number = if text == LATEST { Some(1) } else { text.parse::<usize>().ok() };
    if let Some(dir) = number.and_then(|number| dirs.get(number.checked_sub(1)?)) {
        return Ok(dir.clone());
    }
    let begins = |dir: &&PathBuf| {
        dir.file_name().is_some_and(|name| name.to_string_lossy().starts_with(text) && !text.is_empty())
    };
    let named: Vec<_> = dirs.iter().filter(begins).collect();
    match &named[..] {
        [dir] => Ok((*dir).clone()),
        [] => Err(Error::Refused(format!(
            "no saved run '{text}': expected a directory, {LATEST}, or a name or number that `ipc-bench history` shows"
        ))),
        several => Err(Error::Refused(format!("{} saved runs begin with '{text}': name one", several.len()))),
    }
}

/// Returns the reason why a run is not taken without being asked for; `None` if it may be.
#[must_use]
pub fn passed_over(document: &Document, here: &Environment) -> Option<String> {
    if document.results.is_empty() {
        return Some("nothing was measured".into());
    }
    if !document.complete {
        return Some("it was interrupted".into());
    }
    if document.took_s < SHORTEST {
        return Some(format!("it took only {:.1} s", document.took_s));
    }
    differences(&document.environment, here).into_iter().next().map(|unlike| format!("other {unlike}"))
}

/// Which runs to remove: those that all given conditions name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pruning {
    /// Keep that many of the newest.
    pub keep: Option<usize>,
    /// Keep those that were saved in this time before now.
    pub older_than: Option<Duration>,
}

impl Pruning {
    /// Returns the directories in `place` to remove: only of runs that the harness itself named.
    #[must_use]
    pub fn doomed(self, place: &Path, now: SystemTime) -> Vec<PathBuf> {
        let is_old = |when: SystemTime| {
            let age = now.duration_since(when).unwrap_or_default();
            self.older_than.is_none_or(|oldest| age > oldest)
        };
        let ours = dirs(place).into_iter().filter(|(_, dir)| is_ours(dir));
        let beyond = ours.skip(self.keep.unwrap_or(0));
        beyond.filter(|(when, _)| is_old(*when)).map(|(_, dir)| dir).collect()
    }
}

/// Returns true if the directory has the name of a run that the harness saved by itself.
#[must_use]
pub fn is_ours(dir: &Path) -> bool {
    dir.file_name().and_then(|name| time_of(name.to_str()?)).is_some()
}

#[cfg(test)]
mod tests;
