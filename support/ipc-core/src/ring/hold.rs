//! The kernel's record of the two processes that map one file: each holds a lock on a byte of it.
//!
//! The lock is released with the last descriptor and the last mapping of the opened file, so at the latest when the
//! process ends, in whatever way. That shows whether the other side is still there even where its pid means nothing: in
//! another pid namespace. It is an *open file description lock*: a lock of the process as a whole (`F_SETLK`) would not
//! work between two threads, and it is reported with a pid. See
//! [fcntl_locking(2)](https://man7.org/linux/man-pages/man2/F_OFD_SETLK.2const.html).

use std::fs::File;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use crate::Result;
use crate::error::{Advise, Call};

/// Locks the byte of `side` for as long as `file`, opened once by this side, is open or mapped; returns `false` if the
/// other side, or a third process, has locked it.
///
/// # Errors
/// The file system does not support locks.
#[doc(alias = "F_OFD_SETLK")]
pub fn hold(file: &File, side: usize) -> Result<bool> {
    match fcntl(file, FcntlArg::F_OFD_SETLK(&lock(side))) {
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        locked => locked
            .call("fcntl")
            .advise(Errno::ENOLCK, || "this file system has no locks: choose a local one".into())
            .map(|_| true),
    }
}

/// Returns whether another open file description holds the byte of `side`.
///
/// # Errors
/// As [`hold`].
#[doc(alias = "F_OFD_GETLK")]
pub fn is_held(file: &File, side: usize) -> Result<bool> {
    let mut found = lock(side);
    fcntl(file, FcntlArg::F_OFD_GETLK(&mut found)).call("fcntl")?;
    Ok(found.l_type != libc::F_UNLCK as libc::c_short)
}

/// Returns a write lock on one byte: two such locks exclude each other.
const fn lock(side: usize) -> libc::flock {
    libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: side as libc::off_t,
        l_len: 1,
        l_pid: 0, // required for this kind of lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_one_holder_until_its_file_is_closed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let [owner, joiner] = [(); 2].map(|()| file.reopen().unwrap());
        assert!(!is_held(&joiner, 0).unwrap() && !is_held(&owner, 1).unwrap());
        assert!(hold(&owner, 0).unwrap());
        assert!(is_held(&joiner, 0).unwrap() && !is_held(&joiner, 1).unwrap());
        assert!(!hold(&joiner, 0).unwrap(), "it has its holder");
        assert!(hold(&joiner, 1).unwrap(), "the other place is free");
        assert!(is_held(&owner, 1).unwrap() && !hold(&owner, 1).unwrap());
        assert!(hold(&owner, 0).unwrap(), "the holder may ask again");
        drop(owner);
        assert!(!is_held(&joiner, 0).unwrap() && hold(&joiner, 0).unwrap());
    }

    #[test]
    fn a_file_that_cannot_be_locked_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let read_only = File::open(file.path()).unwrap();
        assert_eq!(hold(&read_only, 0).unwrap_err().errno(), Some(Errno::EBADF));
    }
}
