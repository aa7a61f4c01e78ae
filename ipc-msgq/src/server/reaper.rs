//! The thread that waits for the end of every process that has clients.

use std::os::fd::{AsFd as _, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::state::ServerState;

/// Sleeps in one `poll(2)` for all processes, however many there are, until one of them has ended, another has joined,
/// or the server stops.
pub(super) fn run(state: &ServerState) {
    while !state.stopping.is_cancelled() {
        // Before the poll: a process already dead when its client got a slot has no pidfd.
        let (alive, dead): (Vec<_>, Vec<_>) =
            state.processes().into_iter().partition(|process| process.is_alive());
        for process in &dead {
            state.mark_dead(process);
        }
        let pidfds = alive.iter().filter_map(|process| process.pidfd());
        let mut fds: Vec<_> = [state.wake_reaper.as_fd()].into_iter().chain(pidfds).map(readable).collect();
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return, // the system has no memory, or this process has too many descriptors
        }
        let _ = state.wake_reaper.read(); // does not wait: anything new is seen in the next round
    }
}

fn readable(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::new(fd, PollFlags::POLLIN)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::{Duration, Instant};

    use ipc_core::ThreadId;
    use nix::sys::signal::Signal;

    use super::*;
    use crate::Queue;

    /// The reaper sleeps while there is nothing new, goes on sleeping after a signal, and ends with the server.
    #[test]
    fn it_sleeps_until_it_is_woken() {
        let queue = Queue::private(0o600).unwrap().owned();
        let state = ServerState::echo(*queue);
        ipc_core::interrupt::install().unwrap(); // a signal that only interrupts
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            let reaper = scope.spawn(|| {
                tell.send(ThreadId::current()).unwrap();
                run(&state);
            });
            let thread = told.recv().unwrap();
            state.wake_reaper.write(1).unwrap();
            let started = Instant::now();
            let is_pending = || poll(&mut [readable(state.wake_reaper.as_fd())], PollTimeout::ZERO) == Ok(1);
            while is_pending() && started.elapsed() < Duration::from_secs(10) {
                thread::yield_now();
            }
            let sleeps = !is_pending();
            for _ in 0..5 {
                thread::sleep(Duration::from_millis(2)); // so that one of them finds it asleep
                let _ = thread.signal(Signal::SIGURG); // an error means that it has ended
            }
            thread::sleep(Duration::from_millis(10));
            let sleeps_on = !reaper.is_finished();
            state.stopping.cancel();
            state.wake_reaper.write(1).unwrap();
            assert!(sleeps, "it did not read the event");
            assert!(sleeps_on, "a signal ended it");
        });
    }
}
