//! A queue whose name a [lease](ipc_core::lease) removes, even after a `SIGKILL`.

use std::os::unix::fs::MetadataExt;

use ipc_core::lease::{self, Inode, Lease, Note};
use ipc_core::{Call, Result};
use nix::errno::Errno;
use nix::unistd::geteuid;

use super::meeting::unless_gone;
use super::{Access, Attributes, PosixName, PosixQueue};

impl PosixQueue {
    /// As [`create`](Self::create), with a name for `lease` to remove when its last holder has ended.
    ///
    /// At no moment is there a queue that is not noted: its name is noted first, then it is made with a mode that no
    /// other program gives, then it is noted with its inode, and last it gets its own mode. (A queue can be neither
    /// renamed nor linked to: `/dev/mqueue` answers `EPERM`.)
    ///
    /// # Errors
    /// As [`create`](Self::create); and the note cannot be written.
    pub fn create_leased(
        lease: &Lease,
        name: &PosixName,
        access: Access,
        attributes: Attributes,
        mode: u32,
    ) -> Result<Self> {
        lease.record(Note::Queue(name.clone(), None))?;
        let queue = Self::make(name, access, attributes, lease::MARK)?;
        let inode = Inode::of(&queue.0.metadata().call("fstat")?);
        lease.record(Note::Queue(name.clone(), Some((inode, lease::boot()?))))?;
        queue.set_mode(mode)?;
        Ok(queue)
    }
}

/// Removes the name that was noted, if it is still that of the same queue.
pub(crate) fn reclaim(name: &PosixName, noted: Option<&(Inode, String)>) -> Result<()> {
    let opened = match PosixQueue::open(name, Access::Receive) {
        Err(error) if error.errno() == Some(Errno::EACCES) => PosixQueue::open(name, Access::Send),
        opened => opened,
    };
    let Some(queue) = unless_gone(opened)? else { return Ok(()) };
    let meta = queue.0.metadata().call("fstat")?;
    let is_noted = match noted {
        None => lease::is_marked(meta.mode()),
        Some((inode, boot)) => *inode == Inode::of(&meta) && *boot == lease::boot()?,
    };
    if is_noted && meta.uid() == geteuid().as_raw() {
        unless_gone(PosixQueue::unlink(name)).map(drop)
    } else {
        Ok(())
    }
}
