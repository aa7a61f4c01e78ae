//! Waiting for descriptors, for those who meet through them.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::Result;
use crate::error::Call;

/// Waits with `poll(2)` until at least one of `fds` has something to read, or its other side has gone; `false` if the
/// time is over before. A signal does not shorten the wait.
///
/// # Errors
/// `poll` fails otherwise.
pub fn wait_readable<'a>(fds: impl IntoIterator<Item = BorrowedFd<'a>>, timeout: Duration) -> Result<bool> {
    let mut fds: Vec<_> = fds.into_iter().map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
    let started = Instant::now();
    loop {
        let left = timeout.saturating_sub(started.elapsed());
        // Rounded up, so as not to come back before the time is over and poll in circles.
        let milliseconds = left.as_micros().div_ceil(1000);
        match poll(&mut fds, PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX)) {
            Ok(0) if left.is_zero() => return Ok(false),
            Ok(0) | Err(Errno::EINTR) => {}
            ready => return ready.call("poll").map(|_| true),
        }
    }
}
