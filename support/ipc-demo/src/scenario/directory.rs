//! A place for objects that are files.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use ipc_core::ownership::OwnershipLock;
use ipc_core::{Advise as _, Call as _, Mechanism, Result};
use serde::{Deserialize, Serialize};

use super::guard::{Guard, Remains};

/// A fresh directory, for this user alone. It goes with this value, and all that is in it; if this process is killed, the
/// [`Guard`] removes it, and failing that the next program that sweeps.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    // Dropped first, so that the guard usually finds nothing.
    _ownership: OwnershipLock,
    _guard: Guard<DirectoryOfScenario>,
}

impl Directory {
    /// Makes the directory, among the objects of mechanism `M`.
    ///
    /// # Errors
    /// There is no place for it, or the guard cannot be started.
    pub fn make<M: Mechanism>() -> Result<Self> {
        let ownership = OwnershipLock::take::<M>(None)?;
        let path: PathBuf = ownership.path("").components().collect();
        let mut guard = Guard::start()?;
        guard.watch(&DirectoryOfScenario::at(&path)?)?;
        Ok(Self { path, _ownership: ownership, _guard: guard })
    }

    /// Returns the path of a file in the directory.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Returns the name of a file for people, with that of the directory: the whole path may be too long for a line.
    #[must_use]
    pub fn describe(&self, name: &str) -> String {
        Path::new(self.path.file_name().unwrap_or_default()).join(name).display().to_string()
    }
}

/// The directory, as the guard knows it: another one at the same path is another directory.
#[derive(Debug, Serialize, Deserialize)]
pub struct DirectoryOfScenario {
    path: PathBuf,
    inode: (u64, u64),
}

impl DirectoryOfScenario {
    fn at(path: &Path) -> Result<Self> {
        let found = fs::symlink_metadata(path).call("lstat").on(path.display())?;
        Ok(Self { path: path.into(), inode: (found.dev(), found.ino()) })
    }
}

impl Remains for DirectoryOfScenario {
    fn remove(self) {
        if Self::at(&self.path).is_ok_and(|found| found.inode == self.inode) {
            let _ = fs::remove_dir_all(&self.path); // another process was faster
        }
    }
}
