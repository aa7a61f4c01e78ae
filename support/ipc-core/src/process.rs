//! Finding out whether another process is still alive, without being fooled by a reused process id.
//!
//! The kernel closes a dead process's pipes and sockets, so there the survivor reads an end of file. It does not close
//! a message queue or shared memory: the survivor has to check the process itself. A bare pid would not do, since pids
//! are reused; a `pidfd` refers to one process for good, and polls readable when it has ended.
//!
//! A pid is valid only within its *pid namespace*, such as a container has: process 7 of one container is not process 7
//! of another. So a [`ProcessId`] includes the namespaces in which its numbers are valid, and a process of other
//! namespaces is neither compared nor opened. See
//! [pid_namespaces(7)](https://man7.org/linux/man-pages/man7/pid_namespaces.7.html).
//!
//! A check that fails (no free descriptor, no `/proc`) is an error. It never means that the process is dead.

pub mod proc;
mod wake_at_end;

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout};

use crate::error::{Advise, Call};
use crate::{Error, Result, sys};

pub(crate) use proc::namespace;
use proc::{Stat, mount_proc};
pub use wake_at_end::WakeAtEnd;

/// A process, distinguished by its start time from any other that ever had the same pid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessId {
    /// The process id.
    pub pid: u32,
    /// The start time, in clock ticks since boot: field 22 of `/proc/PID/stat`.
    pub start_time: u64,
    /// The namespaces in which these two numbers are valid.
    pub namespaces: Namespaces,
}

impl ProcessId {
    /// Returns this process. Reads `/proc` once and remembers the answer, so that a later lack of descriptors does no
    /// harm.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn current() -> Result<Self> {
        static CURRENT: OnceLock<ProcessId> = OnceLock::new();
        let pid = std::process::id();
        // A child after fork(2) has its parent's memory, but another pid.
        if let Some(known) = CURRENT.get().filter(|known| known.pid == pid) {
            return Ok(*known);
        }
        // Not /proc/PID: a /proc of another pid namespace has a different process under that number.
        let start_time = start_time("/proc/self/stat")?.ok_or(Errno::ENOENT);
        let start_time = start_time.call("open").on("/proc/self/stat").advise(Errno::ENOENT, mount_proc)?;
        let current = Self { pid, start_time, namespaces: Namespaces::current()? };
        let _ = CURRENT.set(current); // a forked child may already have its parent's here
        Ok(current)
    }

    /// Returns the process that has this pid now, if there is one.
    ///
    /// # Errors
    /// The process cannot be examined: no free descriptor, or `/proc` cannot be read.
    pub fn of(pid: u32) -> Result<Option<Self>> {
        let namespaces = Self::current()?.namespaces;
        Ok(look_at(pid)?.map(|(_, start_time)| Self { pid, start_time, namespaces }))
    }

    /// Packs pid and start time into one number, which can be written to shared memory at once. Never 0.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        self.start_time << PID_BITS | self.pid as u64
    }

    /// Converts back from [`to_bits`](Self::to_bits). Any other number yields some process that is not alive.
    #[must_use]
    pub const fn from_bits(bits: u64, namespaces: Namespaces) -> Self {
        Self { pid: (bits & ((1 << PID_BITS) - 1)) as u32, start_time: bits >> PID_BITS, namespaces }
    }
}

/// Linux's pids are below 2²² (`PID_MAX_LIMIT`), which leaves 42 bits for the time: 1300 years at 100 ticks per second.
const PID_BITS: u32 = 22;

/// The namespaces that give a pid and a start time their meaning: the pid namespace and the time namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespaces {
    /// The number in `pid:[4026531836]`, as `readlink /proc/self/ns/pid` shows it; 0 on a kernel without pid
    /// namespaces.
    pub pid: u32,
    /// The number from `/proc/self/ns/time`, a namespace that shifts the start times shown by `/proc`.
    pub time: u32,
}

impl Namespaces {
    /// Returns the namespaces of this process.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn current() -> Result<Self> {
        Ok(Self { pid: namespace("/proc/self/ns/pid")?, time: namespace("/proc/self/ns/time")? })
    }

    /// Packs both into one number.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        (self.pid as u64) << 32 | self.time as u64
    }

    /// Converts back from [`to_bits`](Self::to_bits).
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self { pid: (bits >> 32) as u32, time: bits as u32 }
    }

    /// Returns the error for a process of the namespaces `self` seen from `ours`, where its numbers are not valid;
    /// `advice` says what to do.
    #[must_use]
    pub fn refusal(self, ours: Self, advice: &str) -> Error {
        let (kind, theirs, ours) =
            if self.pid == ours.pid { ("time", self.time, ours.time) } else { ("pid", self.pid, ours.pid) };
        Error::Refused(format!(
            "the other side is in another {kind} namespace ({kind}:[{theirs}], this process is in {kind}:[{ours}]): \
             its end would not be noticed; {advice}"
        ))
    }
}

/// A watch on another process.
#[derive(Debug)]
pub struct PeerProcess {
    id: ProcessId,
    /// `None` if it was already gone when the watch began.
    pidfd: Option<OwnedFd>,
}

impl PeerProcess {
    /// Starts to watch `id`. A process that is already gone is not an error: [`is_alive`](Self::is_alive) then returns
    /// `false`.
    ///
    /// # Errors
    /// [`Refused`](Error::Refused): it is in another pid namespace. Other errors: it cannot be examined, because this
    /// process has no free descriptor, or `/proc` cannot be read.
    pub fn watch(id: ProcessId) -> Result<Self> {
        let ours = ProcessId::current()?.namespaces;
        if id.namespaces != ours {
            return Err(id.namespaces.refusal(ours, "start both sides in one"));
        }
        let found = look_at(id.pid)?;
        let pidfd = found.filter(|(_, started)| *started == id.start_time).map(|(pidfd, _)| pidfd);
        Ok(Self { id, pidfd })
    }

    /// Returns the process.
    #[must_use]
    pub const fn id(&self) -> ProcessId {
        self.id
    }

    /// Returns whether it still runs. A zombie does not: it has ended and only waits for its parent to reap it.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let Some(pidfd) = &self.pidfd else { return false };
        let mut fds = [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
        // A pidfd is readable from the moment when its process has ended. A failed poll proves nothing: still alive.
        !matches!(nix::poll::poll(&mut fds, PollTimeout::ZERO), Ok(1..))
    }

    /// Returns the descriptor that polls readable (`POLLIN`) when the process has ended, to watch many at once. `None`
    /// if it had ended before the watch began.
    #[must_use]
    pub fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(AsFd::as_fd)
    }
}

/// Opens the process with this `pid` in this process's namespace, and returns its start time; `None` if there is none.
fn look_at(pid: u32) -> Result<Option<(OwnedFd, u64)>> {
    let pidfd = match sys::pidfd_open(pid) {
        // No such process. EINVAL, or ENOENT since Linux 6.15: the number is not that of a process but, for example, of
        // a thread.
        Err(Errno::ESRCH | Errno::EINVAL | Errno::ENOENT) => return Ok(None),
        opened => opened.call("pidfd_open").advise(Errno::EMFILE, raise_limit)?,
    };
    // From here on the pid cannot pass to another process unnoticed. /proc may be mounted for another pid namespace
    // than ours; the kernel gives the number of the process in it for the descriptor.
    // Of this thread: it may have a descriptor table of its own.
    let path = format!("/proc/thread-self/fdinfo/{}", pidfd.as_raw_fd());
    let number = proc::value(&path, "Pid:").advise(Errno::EMFILE, raise_limit)?;
    let started = match number.and_then(|number| number.parse::<i32>().ok()) {
        Some(-1) => None, // it has ended meanwhile
        Some(number @ 1..) => start_time(&format!("/proc/{number}/stat"))?,
        _ => return Err(Error::Refused(format!("/proc does not show process {pid}: {}", mount_proc()))),
    };
    Ok(started.map(|started| (pidfd, started)))
}

fn raise_limit() -> String {
    "this process has no file descriptor left: raise `ulimit -n`".into()
}

/// Reads the start time of a process from its `stat`, at `path`; returns `None` if it has ended.
fn start_time(path: &str) -> Result<Option<u64>> {
    let stat = Stat::read(path).advise(Errno::EMFILE, raise_limit)?;
    stat.map(|stat| stat.start_time()).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;
    use std::process::Command;

    #[test]
    fn a_killed_child_is_gone_even_as_a_zombie() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let id = ProcessId::of(child.id()).unwrap().expect("it runs");
        let peer = PeerProcess::watch(id).unwrap();
        assert!(peer.is_alive());
        child.kill().unwrap();
        while peer.is_alive() {
            std::thread::yield_now(); // a peer that never dies hangs here, and the test runner reports it
        }
        assert!(!PeerProcess::watch(id).unwrap().is_alive() || child.try_wait().unwrap().is_none());
        child.wait().unwrap();
    }

    /// The start time follows the name, which may be any bytes: with parentheses and numbers, or, for a program with a
    /// long name in Korean, cut by the kernel in the middle of a character.
    #[test]
    fn the_start_time_is_told_from_any_name() {
        let mut child = Command::new("sh")
            .args([
                "-c",
                r"cut -d' ' -f22 /proc/$$/stat; printf 'x) 1 (\353\251' > /proc/$$/comm; echo; read line",
            ])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut lines = std::io::BufReader::new(child.stdout.take().unwrap());
        for _ in 0..2 {
            std::io::BufRead::read_line(&mut lines, &mut said).unwrap();
        }
        let name = fs::read(format!("/proc/{}/comm", child.id())).unwrap();
        let found = ProcessId::of(child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(name, b"x) 1 (\xeb\xa9\n");
        assert_eq!(found.unwrap().expect("it runs").start_time, said.trim().parse::<u64>().unwrap());
    }

    #[test]
    fn a_process_fits_in_one_number() {
        let me = ProcessId::current().unwrap();
        let latest = ProcessId {
            pid: (1 << 22) - 1,
            start_time: (1 << 42) - 1,
            namespaces: Namespaces { pid: u32::MAX, time: 1 },
        };
        for id in [me, latest] {
            assert_eq!(
                ProcessId::from_bits(id.to_bits(), Namespaces::from_bits(id.namespaces.to_bits())),
                id
            );
        }
        assert!(!PeerProcess::watch(ProcessId::from_bits(u64::MAX, me.namespaces)).unwrap().is_alive());
    }

    #[test]
    fn a_reused_pid_is_not_the_same_process() {
        let me = ProcessId::current().unwrap();
        let other = ProcessId { start_time: me.start_time + 1, ..me };
        assert!(!PeerProcess::watch(other).unwrap().is_alive());
        assert!(PeerProcess::watch(me).unwrap().is_alive());
    }

    /// Its pid is not even opened: here it is that of this process, which is alive.
    #[test]
    fn a_process_of_another_namespace_is_refused_by_name() {
        let me = ProcessId::current().unwrap();
        let number = |kind: &str| fs::metadata(format!("/proc/self/ns/{kind}")).unwrap().ino();
        for (kind, other) in [
            ("pid", Namespaces { pid: 7, ..me.namespaces }),
            ("time", Namespaces { time: 7, ..me.namespaces }),
        ] {
            let error = PeerProcess::watch(ProcessId { namespaces: other, ..me }).unwrap_err().to_string();
            let ours = number(kind);
            let told = format!("another {kind} namespace ({kind}:[7], this process is in {kind}:[{ours}])");
            assert!(error.contains(&told), "{error}");
        }
    }

    #[test]
    fn an_impossible_pid_is_gone_and_no_error() {
        let thread = std::thread::spawn(|| nix::unistd::gettid().as_raw()).join().unwrap();
        let this_thread = nix::unistd::gettid().as_raw(); // not the main thread: each test runs in its own
        for pid in [0, u32::MAX, thread.cast_unsigned(), this_thread.cast_unsigned()] {
            let id = ProcessId { pid, start_time: 0, ..ProcessId::current().unwrap() };
            assert!(!PeerProcess::watch(id).unwrap().is_alive());
            assert_eq!(ProcessId::of(pid).unwrap(), None);
        }
    }
}
