//! The thread that waits for the end of every process that has clients.

use std::os::fd::{AsFd as _, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::hall::Hall;

/// Sleeps in one `poll(2)` for all processes, however many there are, until one of them has ended, another has come,
/// or the server stops.
pub(super) fn run(hall: &Hall) {
    while !hall.closing.is_interrupted() {
        // Before the poll: one that was dead when it was seated has no pidfd.
        let (alive, dead): (Vec<_>, Vec<_>) =
            hall.processes().into_iter().partition(|process| process.is_alive());
        for process in &dead {
            hall.bury(process);
        }
        let pidfds = alive.iter().filter_map(|process| process.pidfd());
        let mut fds: Vec<_> = [hall.reaper.as_fd()].into_iter().chain(pidfds).map(readable).collect();
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return, // the system has no memory, or this process has more descriptors than it may
        }
        let _ = hall.reaper.read(); // without waiting: what is new is seen in the next round
    }
}

fn readable(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::new(fd, PollFlags::POLLIN)
}
