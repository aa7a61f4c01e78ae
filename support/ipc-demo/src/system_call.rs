//! The system calls in which the threads of another process sleep. The kernel shows them in `/proc`.

use std::ffi::{CStr, OsStr};
use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::PathBuf;

use ipc_core::process::proc::{self, Stat};
use ipc_core::{Advise as _, Call as _, Result};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::fstat;

/// A system call in which a thread sleeps. See
/// [proc_pid_syscall(5)](https://man7.org/linux/man-pages/man5/proc_pid_syscall.5.html).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemCall {
    /// Its number: `libc::SYS_read`.
    pub number: i64,
    /// Its arguments, as they are in the registers: an `int` may have anything in the upper half.
    pub arguments: [u64; 6],
}

impl SystemCall {
    /// Parses a line of `/proc/PID/task/TID/syscall`: the number of the call, then its arguments; for a running thread,
    /// one word.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let number = words.next()?.parse().ok()?;
        let mut arguments = [0; 6];
        for argument in &mut arguments {
            *argument = u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok()?;
        }
        Some(Self { number, arguments })
    }

    /// Returns an argument that is an `int`, as descriptors and ids are.
    #[must_use]
    pub const fn int(&self, position: usize) -> i32 {
        self.arguments[position] as i32
    }

    /// Returns an argument that is the path of a file, as it is in the memory of the process `pid`, which sleeps in this
    /// call. `None` if it is elsewhere by now.
    #[must_use]
    pub fn path(&self, position: usize, pid: u32) -> Option<PathBuf> {
        let memory = File::open(format!("/proc/{pid}/mem")).ok()?;
        let mut bytes = [0; libc::PATH_MAX as usize];
        let len = memory.read_at(&mut bytes, self.arguments[position]).ok()?;
        let path = CStr::from_bytes_until_nul(&bytes[..len]).ok()?;
        Some(PathBuf::from(OsStr::from_bytes(path.to_bytes())))
    }
}

/// An open file, whatever its name: the numbers of its device and its inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inode(u64, u64);

impl Inode {
    /// Returns that of an open file of this process.
    ///
    /// # Errors
    /// As [fstat(2)](https://man7.org/linux/man-pages/man2/fstat.2.html).
    pub fn of(fd: impl AsFd) -> Result<Self> {
        let stat = fstat(fd).call("fstat")?;
        Ok(Self(stat.st_dev, stat.st_ino))
    }

    /// Returns that of the file that another process has open under the number `fd`; `None` if it has none.
    #[must_use]
    pub fn of_process(pid: u32, fd: i32) -> Option<Self> {
        let file = fs::metadata(format!("/proc/{pid}/fd/{fd}")).ok()?;
        Some(Self(file.dev(), file.ino()))
    }

    /// Returns the number of the inode, by which `ls -l /proc/PID/fd` names a pipe or a socket.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.1
    }
}

/// Returns the descriptors of a process that lead to `inode`, with the flags with which they were opened.
#[must_use]
pub fn descriptors_of(pid: u32, inode: Inode) -> Vec<(i32, OFlag)> {
    let all = numbers(&format!("/proc/{pid}/fd")).unwrap_or_default().into_iter().map(u32::cast_signed);
    let flags = |fd| {
        let octal = proc::value(&format!("/proc/{pid}/fdinfo/{fd}"), "flags:").ok()??;
        i32::from_str_radix(&octal, 8).ok().map(OFlag::from_bits_retain)
    };
    all.filter(|&fd| Inode::of_process(pid, fd) == Some(inode))
        .filter_map(|fd| Some((fd, flags(fd)?)))
        .collect()
}

/// Returns whether this system shows the calls of the process `pid` to this user.
#[must_use]
pub fn is_shown(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/syscall")).is_ok()
}

/// Returns the calls in which threads of process `pid` sleep; none if it has ended, or if this user has no permission to
/// see them.
///
/// # Errors
/// A thread cannot be inspected, for lack of a descriptor for example.
pub fn calls_of(pid: u32) -> Result<Vec<SystemCall>> {
    let mut calls = Vec::new();
    for task in tasks(pid)? {
        let path = format!("/proc/{pid}/task/{task}/syscall");
        let text = if_shown(fs::read_to_string(&path).call("open").on(path))?;
        calls.extend(text.as_deref().and_then(SystemCall::parse));
    }
    Ok(calls)
}

/// Counts the threads of process `pid` that sleep in any call: for a kernel that does not report the call.
///
/// # Errors
/// As [`calls_of`].
pub fn asleep(pid: u32) -> Result<usize> {
    let mut asleep = 0;
    for task in tasks(pid)? {
        let path = format!("/proc/{pid}/task/{task}/stat");
        asleep += usize::from(if_shown(Stat::read(&path))?.flatten().is_some_and(|stat| stat.sleeps()));
    }
    Ok(asleep)
}

/// Returns the threads of process `pid`; none if it has ended.
fn tasks(pid: u32) -> Result<Vec<u32>> {
    numbers(&format!("/proc/{pid}/task"))
}

/// Returns all processes of which this system shows anything.
///
/// # Errors
/// `/proc` cannot be read.
pub fn processes() -> Result<Vec<u32>> {
    numbers("/proc")
}

/// Returns the names in `directory` that are numbers.
fn numbers(directory: &str) -> Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for entry in if_shown(fs::read_dir(directory).call("opendir").on(directory))?.into_iter().flatten() {
        match if_shown(entry.call("readdir").on(directory))? {
            Some(entry) => {
                numbers.extend(entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
            }
            None => break, // the process has ended meanwhile
        }
    }
    Ok(numbers)
}

/// Returns what `/proc` shows of a process: `None` if the process has ended, or this user may not see it. Any other
/// failure says nothing about the process.
fn if_shown<T>(read: Result<T>) -> Result<Option<T>> {
    use Errno::{EACCES, ENOENT, EPERM, ESRCH};
    match read {
        Err(error) if matches!(error.errno(), Some(EACCES | ENOENT | EPERM | ESRCH)) => Ok(None),
        read => read.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::*;

    /// A missing or hidden process is no process; a failure to inspect it says nothing.
    #[test]
    fn a_failed_look_is_an_error() {
        let read = |errno: Errno| if_shown(Err::<(), _>(errno).call("open"));
        for errno in [Errno::EACCES, Errno::ENOENT, Errno::EPERM, Errno::ESRCH] {
            assert_eq!(read(errno).unwrap(), None, "{errno}");
        }
        assert_eq!(read(Errno::EMFILE).unwrap_err().errno(), Some(Errno::EMFILE));
    }

    #[test]
    fn a_line_is_a_call_with_its_arguments() {
        let call =
            SystemCall::parse("0 0xffffffff00000003 0x7f 0x20000 0x1 0x2 0x0 0x7ffe 0x7f3d\n").unwrap();
        assert_eq!((call.number, call.int(0), call.arguments[2]), (0, 3, 0x20000));
        assert_eq!(SystemCall::parse("running\n"), None);
        assert_eq!(SystemCall::parse("-1 0x7ffe 0x7f3d\n"), None, "in the kernel, but in no call");
    }

    /// A process that opens a FIFO sleeps until another opens it, too.
    #[test]
    fn the_path_of_a_sleeping_open_is_in_the_memory_of_its_process() {
        let place = tempfile::tempdir().unwrap();
        let fifo = place.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let mut reader = Command::new("cat").arg(&fifo).spawn().unwrap();
        let opens = |call: &SystemCall| {
            call.number == libc::SYS_openat && call.path(1, reader.id()).as_ref() == Some(&fifo)
        };
        let started = Instant::now();
        let is_seen = || !is_shown(reader.id()) || calls_of(reader.id()).unwrap().iter().any(opens);
        while !is_seen() && started.elapsed() < Duration::from_secs(10) {}
        let result = is_seen();
        reader.kill().unwrap();
        reader.wait().unwrap();
        assert!(result);
    }

    #[test]
    fn sleeping_threads_are_counted_even_if_their_call_is_unknown() {
        let mut children = ["read line", "while :; do :; done"]
            .map(|line| Command::new("sh").args(["-c", line]).stdin(Stdio::piped()).spawn().unwrap());
        let [sleeps, runs] = children.each_ref().map(std::process::Child::id);
        let started = Instant::now();
        let as_expected = || asleep(sleeps).unwrap() == 1 && asleep(runs).unwrap() == 0;
        while !as_expected() && started.elapsed() < Duration::from_secs(10) {}
        let result = as_expected();
        let reads = |pid| calls_of(pid).unwrap().iter().any(|call| call.number == libc::SYS_read);
        let seen = !is_shown(sleeps) || (reads(sleeps) && !reads(runs));
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert!(result && seen);
        assert_eq!(asleep(sleeps).unwrap(), 0, "it has ended");
    }
}
