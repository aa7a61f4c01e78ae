//! The capacity of a pipe or a FIFO.
//!
//! At the default of 64 KiB, a round trip of 64 KiB takes 1.25 times as long, and one of 1 MiB between two CPUs about
//! twice as long.

use std::os::fd::AsFd;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::pipe2;

use crate::{Call, Result};

/// The capacity of the suite's pipes, in bytes, where the system allows it: 256 KiB. A message of 64 KiB does not fit
/// the default of 64 KiB because of its header, and the writer then has to be woken again for the last four bytes.
pub const PIPE_SIZE: usize = 256 << 10;

/// Enlarges a pipe or a FIFO to [`PIPE_SIZE`], or leaves it unchanged if that is refused: the number of pages that a
/// user may have in pipes is limited (`/proc/sys/fs/pipe-user-pages-soft`, `pipe-max-size`). Everything works with
/// less.
///
/// `int fcntl(int fd, F_SETPIPE_SZ, int size);`
/// — [fcntl(2)](https://man7.org/linux/man-pages/man2/F_GETPIPE_SZ.2const.html),
/// [pipe(7)](https://man7.org/linux/man-pages/man7/pipe.7.html)
#[doc(alias = "F_SETPIPE_SZ")]
pub fn enlarge_pipe(end: impl AsFd) {
    let _ = fcntl(end, FcntlArg::F_SETPIPE_SZ(PIPE_SIZE as i32));
}

/// Returns the capacity that a pipe has after being [enlarged](enlarge_pipe), in bytes: less than [`PIPE_SIZE`], down
/// to one page, if that is refused.
///
/// # Errors
/// A pipe cannot be created.
#[doc(alias = "F_GETPIPE_SZ")]
pub fn pipe_size() -> Result<usize> {
    let (_read, write) = pipe2(OFlag::O_CLOEXEC).call("pipe2")?;
    enlarge_pipe(&write);
    fcntl(&write, FcntlArg::F_GETPIPE_SZ).map(|size| size as usize).call("fcntl")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_enlarged_where_the_system_allows_it() {
        let [ours, plain] = [(); 2].map(|()| pipe2(OFlag::O_CLOEXEC).unwrap().1);
        enlarge_pipe(&ours);
        if fcntl(&plain, FcntlArg::F_SETPIPE_SZ(PIPE_SIZE as i32)).is_ok() {
            assert_eq!(fcntl(&ours, FcntlArg::F_GETPIPE_SZ).unwrap(), PIPE_SIZE as i32);
        }
    }
}
