//! Knowing whether another process still lives, without being fooled by a reused process id.
//!
//! The kernel closes a dead process's pipes and sockets, so there the survivor reads an end of file. Nobody closes
//! a message queue or a shared memory: the survivor has to ask after the process itself. A bare pid would not do,
//! since pids are used again; a `pidfd` refers to one process for good, and polls readable when it has ended.

use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout};

use crate::error::Call;
use crate::{Result, sys};

#[cfg(feature = "trace")]
pub use sys::entered_call;

/// A process, told apart from any other that ever had the same pid by the time it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessId {
    /// The process id.
    pub pid: u32,
    /// When it started, in clock ticks since boot: field 22 of `/proc/PID/stat`.
    pub start_time: u64,
}

impl ProcessId {
    /// This process.
    ///
    /// # Panics
    /// Without a readable `/proc`.
    #[must_use]
    pub fn current() -> Self {
        Self::of(std::process::id()).expect("/proc/self/stat is readable")
    }

    /// The process that has this pid now, if there is one.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        Some(Self { pid, start_time: start_time(pid)? })
    }

    /// Both numbers in one, which can be written to a shared memory at once. Never 0.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        self.start_time << PID_BITS | self.pid as u64
    }

    /// Back from [`to_bits`](Self::to_bits). Of any other number it makes some process or other, which is not alive.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self { pid: (bits & ((1 << PID_BITS) - 1)) as u32, start_time: bits >> PID_BITS }
    }
}

/// Linux's pids are below 2²² (`PID_MAX_LIMIT`), which leaves 42 bits for the time: 1300 years at 100 ticks a second.
const PID_BITS: u32 = 22;

/// Watches another process.
#[derive(Debug)]
pub struct PeerProcess {
    /// `None` if it was already gone when the watch began.
    pidfd: Option<OwnedFd>,
}

impl PeerProcess {
    /// Begins to watch `id`. Not an error if it is already gone: then [`is_alive`](Self::is_alive) says so.
    ///
    /// # Errors
    /// `pidfd_open` fails otherwise, as when this process has no descriptor left.
    pub fn watch(id: ProcessId) -> Result<Self> {
        let pidfd = match sys::pidfd_open(id.pid) {
            // No such process. EINVAL, or ENOENT since Linux 6.15, for a number that is none: of a thread, say.
            Err(Errno::ESRCH | Errno::EINVAL | Errno::ENOENT) => None,
            opened => Some(opened.call("pidfd_open")?),
        };
        // The pid may have passed to another process before it was opened; it cannot any more from here on.
        let same = start_time(id.pid) == Some(id.start_time);
        Ok(Self { pidfd: pidfd.filter(|_| same) })
    }

    /// Whether it still runs. A zombie does not: it has ended and only waits for its parent to notice.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let Some(pidfd) = &self.pidfd else { return false };
        let mut fds = [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
        // A pidfd is readable from the moment its process has ended. A failed poll proves nothing: still alive.
        !matches!(nix::poll::poll(&mut fds, PollTimeout::ZERO), Ok(1..))
    }

    /// The descriptor that polls readable (`POLLIN`) when the process has ended, to watch many at once. `None` if it
    /// had ended before the watch began.
    #[must_use]
    pub fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(AsFd::as_fd)
    }
}

/// Field 22 of `/proc/PID/stat`. The fields are counted behind the command name, which is in parentheses and may
/// itself contain spaces and parentheses.
fn start_time(pid: u32) -> Option<u64> {
    // Not as a string: the name is any bytes, and the kernel cuts it after 15, in the middle of a letter if need be.
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let behind_name = &stat[stat.rfind(')')? + 1..];
    behind_name.split_ascii_whitespace().nth(22 - 3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_killed_child_is_gone_even_as_a_zombie() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let id = ProcessId::of(child.id()).unwrap();
        let peer = PeerProcess::watch(id).unwrap();
        assert!(peer.is_alive());
        child.kill().unwrap();
        while peer.is_alive() {
            std::thread::yield_now(); // a peer that never dies hangs here, and the test runner says so
        }
        assert!(!PeerProcess::watch(id).unwrap().is_alive() || child.try_wait().unwrap().is_none());
        child.wait().unwrap();
    }

    /// As of a program with a long name in Korean, which the kernel cuts in the middle of a letter.
    #[test]
    fn a_name_that_is_no_text_is_no_obstacle() {
        let mut child = Command::new("sh")
            .args(["-c", r"printf 'x\353\251' > /proc/self/comm; read line"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let name = || fs::read(format!("/proc/{}/comm", child.id())).unwrap();
        while name() != b"x\xeb\xa9\n" {
            std::thread::yield_now(); // one that never changes its name hangs here
        }
        let found = ProcessId::of(child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(found.is_some());
    }

    #[test]
    fn a_process_fits_in_one_number() {
        let me = ProcessId::current();
        let latest = ProcessId { pid: (1 << 22) - 1, start_time: (1 << 42) - 1 };
        for id in [me, latest] {
            assert_eq!(ProcessId::from_bits(id.to_bits()), id);
        }
        assert!(!PeerProcess::watch(ProcessId::from_bits(u64::MAX)).unwrap().is_alive());
    }

    #[test]
    fn a_reused_pid_is_not_the_same_process() {
        let mut other = ProcessId::current();
        other.start_time += 1;
        assert!(!PeerProcess::watch(other).unwrap().is_alive());
        assert!(PeerProcess::watch(ProcessId::current()).unwrap().is_alive());
    }

    #[test]
    fn an_impossible_pid_is_gone_and_no_error() {
        let thread = std::thread::spawn(|| nix::unistd::gettid().as_raw()).join().unwrap();
        let this_thread = nix::unistd::gettid().as_raw(); // not the process's first: tests run in threads of their own
        for pid in [0, u32::MAX, thread.cast_unsigned(), this_thread.cast_unsigned()] {
            assert!(!PeerProcess::watch(ProcessId { pid, start_time: 0 }).unwrap().is_alive());
        }
    }
}
