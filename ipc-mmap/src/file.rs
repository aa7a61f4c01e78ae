//! The file under the mapping: made for its owner alone, and checked before it is mapped.

use std::fs::{File, OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use ipc_core::ring::SEGMENT_LEN;
use ipc_core::{Advise, Call, Error, Result, Setup};
use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, fallocate};
use nix::libc::{O_NOCTTY, O_NOFOLLOW, O_NONBLOCK};

/// Makes the file, which must not be there yet. Also a symbolic link, even one to nowhere, is something there.
pub(crate) fn create(path: &Path, mode: u32) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600).custom_flags(O_NOFOLLOW);
    let file = advise_on_place(options.open(path).call("open"), path)?;
    // Exactly this mode, whatever the umask would take away.
    file.set_permissions(Permissions::from_mode(mode & 0o777)).call("fchmod")?;
    Ok(file)
}

/// Adds to an error what is wrong with `path`, where something new was to be made.
pub(crate) fn advise_on_place<T>(made: Result<T>, path: &Path) -> Result<T> {
    let above =
        || format!("{} must be a directory that you may write to", path.parent().unwrap_or(path).display());
    made.advise(Errno::EEXIST, || format!("{} is in use: name a file that is not there yet", path.display()))
        .advise(Errno::ENOENT, above)
        .advise(Errno::ENOTDIR, above)
        .advise(Errno::EACCES, above)
}

// ANCHOR: allocate
/// Gives the file its length, all zero, and its place on the disk.
///
/// Without the place, the file would be a hole: a page that is touched first when the disk is full has nowhere to
/// go, and the answer to a plain store is SIGBUS. With it, a full disk is an error here and now. The length comes
/// last and at once, since whoever joins takes any other for another program's.
pub(crate) fn allocate(file: &File) -> Result<()> {
    let length = SEGMENT_LEN as i64;
    loop {
        match fallocate(file, FallocateFlags::FALLOC_FL_KEEP_SIZE, 0, length) {
            Err(Errno::EINTR) => {}
            Err(Errno::EOPNOTSUPP) => break, // not on this file system
            allocated => {
                break allocated
                    .call("fallocate")
                    .advise(Errno::ENOSPC, || format!("there the disk has no {length} bytes left"))?;
            }
        }
    }
    file.set_len(SEGMENT_LEN as u64).call("ftruncate")
}
// ANCHOR_END: allocate

/// Opens the file that the owner made; `None` if there is none, or not yet all of it.
///
/// Nothing is taken on trust: whoever may write to a mapped file can also cut it short.
pub(crate) fn open(path: &Path, setup: &Setup) -> Result<Option<File>> {
    let mut options = OpenOptions::new();
    // Never through a symbolic link, and never waiting for the other end of what is no file at all.
    options.read(true).write(true).custom_flags(O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    let opened = options.open(path).call("open");
    let opened = opened.advise(Errno::ELOOP, || format!("{} is a symbolic link", path.display()));
    let file = match opened {
        Err(error) if error.errno() == Some(Errno::ENOENT) => return Ok(None),
        opened => opened.advise(Errno::EACCES, || format!("{} is another user's", path.display()))?,
    };
    let meta = file.metadata().call("fstat")?;
    if !meta.is_file() {
        return Err(Error::Usage(format!("{} is no regular file", path.display())));
    }
    setup.check_owner(meta.uid(), path.display())?;
    match meta.len() {
        0 => Ok(None), // being made
        length if length == SEGMENT_LEN as u64 => Ok(Some(file)),
        _ => Err(Error::Corrupt("the file has another length: not made by this program")),
    }
}
