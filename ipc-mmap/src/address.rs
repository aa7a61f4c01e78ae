//! The address of a memory map: a path.

use std::path::{Path, PathBuf};

use ipc_core::{Advise, Call, Error, Result};
use nix::errno::Errno;

/// Parses an address into a path.
pub(crate) fn parse(address: &str) -> Result<PathBuf> {
    if address.is_empty() || address.ends_with('/') || address.contains(['\0', '\n']) {
        return Err(Error::Usage("the address of a memory map is a file, for example /tmp/memory".into()));
    }
    // Absolute, so that the other side finds it from any working directory.
    std::path::absolute(address).call("getcwd")
}

/// Adds advice to an error about `path`, where a new file was to be made.
pub(crate) fn advise_on_place<T>(made: Result<T>, path: &Path) -> Result<T> {
    let above =
        || format!("{} must be a directory that you may write to", path.parent().unwrap_or(path).display());
    made.advise(Errno::EEXIST, || format!("{} is in use: choose another path", path.display()))
        .advise(Errno::ENOENT, above)
        .advise(Errno::ENOTDIR, above)
        .advise(Errno::EACCES, above)
}
