//! The table that gives a descriptor its number, and what it costs to share one.
//!
//! All threads of a process share one table: a descriptor that one of them opens, all can use. So the kernel has to
//! count a reference to the open file for the time of each call, or another thread could close it in the middle. Where
//! only one thread has the table, the kernel skips the count. A second thread, even one that does nothing but sleep,
//! makes each `read` and `write` some 50 ns slower. A call without a descriptor (`msgrcv`, `futex`) stays the same.
//!
//! One trap: `/proc/self/fd` shows the table of the first thread, `/proc/thread-self/fd` that of the calling one. A C
//! library may use the former, as `fchmodat` with `AT_SYMLINK_NOFOLLOW` does; hence [`set_mode`].
//!
//! A thread in the background therefore [leaves the shared table](DescriptorTable::leave_shared). From then on a
//! descriptor of the others means nothing to it, or another file: the two share memory but no descriptors.

use std::cell::Cell;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::Path;

use nix::fcntl::{AT_FDCWD, OFlag, open};
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat};
use nix::unistd::{dup2_stdin, dup2_stdout};

use crate::{ThreadId, sys};

/// The descriptors that a thread takes along: standard input, output and error.
const STANDARD: libc::c_uint = 3;

thread_local! {
    static CURRENT: Cell<DescriptorTable> = const { Cell::new(DescriptorTable(None)) };
}

/// A table of descriptors of this process: the shared one, or that of a thread which has left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DescriptorTable(Option<ThreadId>);

impl DescriptorTable {
    /// Returns the table of the calling thread.
    #[must_use]
    pub fn current() -> Self {
        CURRENT.get()
    }

    /// Returns whether it is the one that all threads share which have not left it.
    pub(crate) const fn is_shared(self) -> bool {
        self.0.is_none()
    }

    /// Gives the calling thread a table of its own, in which descriptors 0, 1 and 2 alone are open.
    ///
    /// All others are left behind, not copied: a copy would hold a file open after the other threads have closed it. A
    /// peer would wait for an end of file that never comes. That is why this is not `unshare(CLONE_FILES)`. Whatever
    /// the calling thread still owns of the shared table must not be used or dropped here.
    ///
    /// # Errors
    /// The kernel is older than 5.9 (`ENOSYS`) or a filter of system calls refuses: the table stays shared, which costs
    /// time but changes nothing else.
    #[doc(alias = "close_range")]
    pub fn leave_shared() -> nix::Result<()> {
        sys::unshare_descriptors(STANDARD)?;
        CURRENT.set(Self(Some(ThreadId::current())));
        Ok(())
    }

    /// Does the same where the others can still [`fetch`](Self::fetch) what the calling thread opens from now on; otherwise
    /// the table stays shared. For a thread that takes ownership locks: a signal's thread has to release them.
    pub fn leave_shared_within_reach() {
        let own = Self(Some(ThreadId::current()));
        if own.can_be_fetched_from() {
            let _ = Self::leave_shared(); // an error means that it stays shared
        }
    }

    /// Copies the descriptor `fd` of this table into the table of the calling thread. Both refer to the same open file,
    /// and so to the same locks.
    ///
    /// # Errors
    /// `EPERM`: a filter of system calls refuses, as that of a container may. `EINVAL`: the table is not the shared one,
    /// and the kernel is older than 6.9. `EBADF`, `ESRCH`: the descriptor, or the thread that had the table, is gone.
    #[doc(alias = "pidfd_getfd")]
    pub fn fetch(self, fd: RawFd) -> nix::Result<OwnedFd> {
        let of = match self.0 {
            None => sys::pidfd_open(std::process::id())?,
            Some(thread) => sys::pidfd_open_thread(thread.as_raw())?,
        };
        sys::pidfd_getfd(&of, fd)
    }

    /// Returns whether a thread that has left this table, the one of the calling thread, can [`fetch`](Self::fetch) from
    /// it.
    #[must_use]
    pub fn can_be_fetched_from(self) -> bool {
        self.fetch(std::io::stderr().as_raw_fd()).is_ok()
    }

    /// Does as [`leave_shared`](Self::leave_shared), and puts standard error in the place of standard input and output:
    /// both may be ends of pipes, which the other threads close when they are done. Where standard error is closed, so
    /// are these.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn leave_shared_but_stderr() -> nix::Result<()> {
        Self::leave_shared()?;
        let stderr = std::io::stderr();
        dup2_stdin(&stderr).and_then(|()| dup2_stdout(&stderr)).or_else(|_| sys::unshare_descriptors(0))
    }
}

/// Copies the descriptor `fd` of another process. Both refer to the same open file, which stays open until the copy is
/// closed, too.
///
/// # Errors
/// `EPERM`: this user may not trace that process, or a filter of system calls refuses. `EBADF`, `ESRCH`: the descriptor,
/// or the process, is gone.
#[doc(alias = "pidfd_getfd")]
pub fn copy_from_process(pid: u32, fd: RawFd) -> nix::Result<OwnedFd> {
    sys::pidfd_getfd(&sys::pidfd_open(pid)?, fd)
}

/// Sets the mode of the object at `path`, which is not followed if it is a symbolic link: `fchmodat` with
/// `AT_SYMLINK_NOFOLLOW`, for a thread with any table.
///
/// # Errors
/// Those of `fchmodat`; `ENOENT` also where there is no `/proc`.
pub fn set_mode(path: &Path, mode: u32) -> nix::Result<()> {
    let object = open(path, OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty())?;
    let path = format!("/proc/thread-self/fd/{}", object.as_raw_fd());
    fchmodat(AT_FDCWD, path.as_str(), Mode::from_bits_truncate(mode), FchmodatFlags::FollowSymlink)
}

#[cfg(test)]
mod tests;
