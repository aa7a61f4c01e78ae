//! The folder of a server: its configuration, its store, its log.

use std::fs::{self, DirEntry, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, io};

use nix::unistd::geteuid;

const PREFIX: &str = "ipc-nats-";

/// The age below which a folder is left alone: it may not be locked yet.
const YOUNG: Duration = Duration::from_secs(60);

/// A folder of one's own, removed when dropped. As long as the process lives, it is locked (`flock`).
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes an empty one, and removes those that earlier tests have left: killed together with the shell that would have
    /// removed them.
    pub fn new() -> io::Result<Self> {
        for entry in fs::read_dir(env::temp_dir())?.flatten() {
            if is_left(&entry) {
                let _ = fs::remove_dir_all(entry.path()); // another test may be faster
            }
        }
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
        let lock = File::open(folder.path())?;
        lock.lock()?;
        Ok(Self { path: folder.keep(), _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path); // nothing can be done about it
    }
}

/// Returns whether it is a folder of this user's of which no process holds the lock.
fn is_left(entry: &DirEntry) -> bool {
    let Ok(metadata) = entry.metadata() else { return false };
    let age = metadata.modified().ok().and_then(|time| time.elapsed().ok());
    entry.file_name().to_string_lossy().starts_with(PREFIX)
        && metadata.is_dir()
        && metadata.uid() == geteuid().as_raw()
        && age.is_some_and(|age| age > YOUNG)
        && File::open(entry.path()).is_ok_and(|folder| folder.try_lock().is_ok())
}
