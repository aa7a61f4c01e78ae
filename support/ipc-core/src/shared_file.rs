//! Two processes that meet at the ring in a file: a regular file, a POSIX shared memory object, or a memfd. To Linux,
//! all three are files.
//!
//! A file that is found under a name is checked before it is mapped. Nothing is taken on trust: any process that may
//! write to a file can also truncate it.

use std::fmt::Display;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, fallocate};

use crate::error::Call;
use crate::pages::Pages;
use crate::ready::retry_on_eintr;
use crate::ring::{Attachment, Mapping, Region, RingLink, SEGMENT_LEN};
use crate::{Error, Result, Setup, poll_for};

// ANCHOR: allocate
/// Sets the file's length to [`SEGMENT_LEN`], all zero, and allocates its space.
///
/// Without the space, the file would be a hole: a page that is first touched when the disk, or `/dev/shm`, is full has
/// nowhere to go, and a plain store ends in SIGBUS. With it, a full disk is an error here and now. The length is set
/// last and in one step, since a joiner takes any other length for another program's.
///
/// # Errors
/// `ENOSPC`: there is not enough room. `EFBIG`: a file may not become that long.
pub fn allocate(file: &File) -> Result<()> {
    let claim = || fallocate(file, FallocateFlags::FALLOC_FL_KEEP_SIZE, 0, SEGMENT_LEN as i64);
    match retry_on_eintr(claim) {
        Err(Errno::EOPNOTSUPP) => {} // not supported on this file system
        allocated => allocated.call("fallocate")?,
    }
    file.set_len(SEGMENT_LEN as u64).call("ftruncate")
}
// ANCHOR_END: allocate

/// Checks the type, the owner and the length of an open file, called `name` in an error. Returns `false` for an empty
/// file, which its owner may still be making.
///
/// # Errors
/// [`Refused`](Error::Refused): it is not a regular file, or [another user's](Setup::check_owner).
/// [`Corrupt`](Error::Corrupt): it has another length.
pub fn is_complete<O>(file: &File, setup: &Setup<O>, name: impl Display) -> Result<bool> {
    let meta = file.metadata().call("fstat")?;
    if !meta.is_file() {
        return Err(Error::Refused(format!("{name} is not a regular file")));
    }
    setup.check_owner(meta.uid(), name)?;
    match meta.len() {
        0 => Ok(false),
        length if length == SEGMENT_LEN as u64 => Ok(true),
        _ => Err(Error::Corrupt("unexpected length: the file was not made by this program")),
    }
}

/// Takes the owner's attachment at a fresh file. From here on the other side can join.
///
/// # Errors
/// As [`Attachment::create`].
pub fn attach(memory: Mapping) -> Result<Attachment<Mapping>> {
    Attachment::create(Region::new(memory)?, RingLink::<Mapping>::LAYOUT)
}

// ANCHOR: join
/// Polls until `open` finds the owner's file, then maps it and takes the free attachment at it.
///
/// # Errors
/// [`TimedOut`](Error::TimedOut), with the text from `no_peer`: no owner was there in time. The errors of `open`, of
/// [`Pages::prepare`] with this `advice`, and of [`RingLink::join`].
pub fn join(
    timeout: Duration,
    no_peer: impl FnOnce() -> String,
    pages: Pages,
    advice: &str,
    open: impl Fn() -> Result<Option<File>>,
) -> Result<RingLink<Mapping>> {
    poll_for(timeout, no_peer, || match open()? {
        Some(file) => RingLink::join(Region::new(pages.prepare(Mapping::new(&file)?, advice)?)?),
        None => Ok(None),
    })
}
// ANCHOR_END: join
