//! Waiting for descriptors.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use crate::error::Call;
use crate::{Deadline, Result};

/// The longest single `ppoll`. The kernel refuses times beyond its clock.
const LONGEST: Duration = Duration::from_secs(3600);

/// Waits with `ppoll(2)` until at least one of `fds` has something to read, or its other side has gone; `false` if the
/// time is over before. A signal does not shorten the wait.
///
/// # Errors
/// `ppoll` fails otherwise.
pub fn wait_readable<'a>(fds: impl IntoIterator<Item = BorrowedFd<'a>>, timeout: Duration) -> Result<bool> {
    let mut fds: Vec<_> = fds.into_iter().map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
    wait(&mut fds, timeout)
}

/// The same until `fd` has room to write, or its other side has gone.
///
/// # Errors
/// As [`wait_readable`].
pub fn wait_writable(fd: BorrowedFd<'_>, timeout: Duration) -> Result<bool> {
    wait(&mut [PollFd::new(fd, PollFlags::POLLOUT)], timeout)
}

fn wait(fds: &mut [PollFd<'_>], timeout: Duration) -> Result<bool> {
    let deadline = Deadline::after(timeout);
    loop {
        let left = deadline.left(LONGEST);
        match ppoll(fds, Some(TimeSpec::from_duration(left)), None) {
            Ok(0) if left.is_zero() => return Ok(false),
            Ok(0) | Err(Errno::EINTR) => {}
            ready => return ready.call("ppoll").map(|_| true),
        }
    }
}
