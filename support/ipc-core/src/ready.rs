//! Waiting for descriptors, and calls that a signal interrupts.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use crate::error::Call;
use crate::{Deadline, Result};

/// The longest single `ppoll`. The kernel rejects times beyond the range of its clock.
const LONGEST: Duration = Duration::from_secs(3600);

/// Makes a system call again for as long as a signal comes first.
///
/// # Errors
/// That of the call, except `EINTR`.
pub fn retry_on_eintr<T>(mut call: impl FnMut() -> nix::Result<T>) -> nix::Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            made => return made,
        }
    }
}

/// Waits with `ppoll(2)` until at least one of `fds` has something to read, or its other side is gone; returns `false`
/// if `timeout` expires first. A signal does not shorten the wait.
///
/// # Errors
/// `ppoll` fails for another reason.
pub fn wait_readable<'a>(fds: impl IntoIterator<Item = BorrowedFd<'a>>, timeout: Duration) -> Result<bool> {
    let mut fds: Vec<_> = fds.into_iter().map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
    wait(&mut fds, timeout)
}

/// Waits in the same way until `fd` has room to write, or its other side is gone.
///
/// # Errors
/// As [`wait_readable`].
pub fn wait_writable(fd: BorrowedFd<'_>, timeout: Duration) -> Result<bool> {
    wait(&mut [PollFd::new(fd, PollFlags::POLLOUT)], timeout)
}

/// Repeats `attempt`, which does not wait, until it succeeds or `timeout` has expired, and waits for room in between.
///
/// # Errors
/// That of `attempt`, or of the wait.
pub fn retry_when_writable<S: AsFd>(
    sender: &mut S,
    timeout: Duration,
    mut attempt: impl FnMut(&mut S) -> Result<Option<()>>,
) -> Result<Option<()>> {
    let deadline = Deadline::after(timeout);
    loop {
        let done = attempt(sender)?;
        // Checked even if there is room each time: a peer that moves a byte now and then must not extend the timeout.
        if done.is_some() || deadline.has_passed() {
            return Ok(done);
        }
        wait_writable(sender.as_fd(), deadline.left(Duration::MAX))?;
    }
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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _, pipe};
    use std::os::fd::AsFd as _;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::Instant;

    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    use nix::sys::signal::Signal;

    use super::*;
    use crate::ThreadId;
    use ipc_conformance::watchdog::watched;

    const SHORT: Duration = Duration::from_millis(1);

    #[test]
    fn a_descriptor_is_ready_for_what_it_was_asked_for() {
        let (mut read, mut write) = pipe().unwrap();
        fcntl(&write, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        assert!(!wait_readable([read.as_fd()], SHORT).unwrap());
        assert!(wait_writable(write.as_fd(), SHORT).unwrap());
        while write.write(&[0; 4096]).is_ok() {}
        assert!(wait_readable([read.as_fd()], SHORT).unwrap());
        assert!(!wait_writable(write.as_fd(), SHORT).unwrap());
        drop(write);
        read.read_to_end(&mut Vec::new()).unwrap();
        assert!(wait_readable([read.as_fd()], SHORT).unwrap(), "the other side has gone");
    }

    /// Neither shorter nor longer: if each signal restarted the wait, a wait under endless signals would never end.
    #[test]
    fn a_wait_under_signals_is_as_long_as_ever() {
        ipc_conformance::interrupt_on(Signal::SIGUSR1);
        let time = Duration::from_millis(30);
        watched(move || {
            let (read, _write) = pipe().unwrap();
            let (done, target, started) = (AtomicBool::new(false), ThreadId::current(), Instant::now());
            let ready = thread::scope(|scope| {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        let _ = target.signal(Signal::SIGUSR1); // the target joins this thread before it ends
                        thread::sleep(Duration::from_micros(100));
                    }
                });
                let ready = wait_readable([read.as_fd()], time);
                done.store(true, Ordering::Relaxed);
                ready
            });
            assert!(!ready.unwrap() && started.elapsed() >= time, "over after {:?}", started.elapsed());
        });
    }
}
