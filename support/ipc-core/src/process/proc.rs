//! Reading the files of `/proc`. Names in them may be any bytes: the kernel cuts a program's name after 15, even in the
//! middle of a character.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use nix::errno::Errno;

use crate::error::{Advise, Call};
use crate::{DescriptorTable, Error, Result};

/// Returns the directory of this process, `/proc/PID`. PID is its number in this `/proc`, which may be mounted for a
/// pid namespace other than our own.
///
/// # Errors
/// `/proc` cannot be read.
pub fn own_directory() -> Result<PathBuf> {
    let pid = fs::read_link("/proc/self").call("readlink").on("/proc/self");
    Ok(PathBuf::from("/proc").join(pid.advise(Errno::ENOENT, mount_proc)?))
}

/// Returns the directory with the descriptors of the calling thread, for other processes: `/proc/PID/fd`, or with the
/// number of the thread in place of PID if it has [left](crate::DescriptorTable::leave_shared) the shared table.
///
/// # Errors
/// `/proc` cannot be read.
pub fn own_descriptors() -> Result<PathBuf> {
    if DescriptorTable::current().is_shared() {
        return Ok(own_directory()?.join("fd"));
    }
    let thread = fs::read_link("/proc/thread-self").call("readlink").on("/proc/thread-self"); // PID/task/TID
    let thread = thread.advise(Errno::ENOENT, mount_proc)?;
    Ok(PathBuf::from("/proc").join(thread.file_name().unwrap_or_default()).join("fd"))
}

/// Returns the value in the line of the file at `path` that begins with `name`; `None` if there is no such line.
///
/// # Errors
/// The file cannot be read: `ENOENT` or `ESRCH` if the process has ended.
pub fn value(path: &str, name: &str) -> Result<Option<String>> {
    let text = fs::read(path).call("open").on(path)?;
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned()))
}

/// Returns the number of one of this process's namespaces. Needs no descriptor.
pub(crate) fn namespace(path: &str) -> Result<u32> {
    match fs::metadata(path) {
        Ok(meta) => Ok(meta.ino() as u32), // the kernel has 32 bits for them
        // A kernel without this kind of namespace; or no /proc at all, which must not be mistaken for that.
        Err(error) if error.raw_os_error() == Some(Errno::ENOENT as i32) => {
            fs::metadata("/proc/self").call("stat").on("/proc/self").advise(Errno::ENOENT, mount_proc)?;
            Ok(0)
        }
        Err(error) => Err(error).call("stat").on(path),
    }
}

pub(super) fn mount_proc() -> String {
    "mount /proc: `mount -t proc proc /proc`".into()
}

/// The state of a process or of a thread, as `/proc/PID/stat` shows it. See
/// [proc_pid_stat(5)](https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).
#[derive(Debug)]
pub struct Stat {
    path: String,
    /// The fields from the third on: those after the name, which is in parentheses and may itself contain spaces and
    /// parentheses.
    fields: String,
}

impl Stat {
    /// Reads the file at `path`; `None` if the process has ended.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(path: &str) -> Result<Option<Self>> {
        match fs::read(path).call("open").on(path) {
            Err(error) if matches!(error.errno(), Some(Errno::ENOENT | Errno::ESRCH)) => Ok(None),
            text => Ok(Some(Self::parse(path, &String::from_utf8_lossy(&text?)))),
        }
    }

    fn parse(path: &str, text: &str) -> Self {
        let fields = text.rfind(')').map_or("", |end| &text[end + 1..]);
        Self { path: path.to_owned(), fields: fields.to_owned() }
    }

    /// Returns the start time, in clock ticks since boot.
    ///
    /// # Errors
    /// [`Refused`](Error::Refused): the file is not as it should be.
    pub fn start_time(&self) -> Result<u64> {
        self.number(22)
    }

    /// Returns whether it sleeps, so that a signal could wake it.
    #[must_use]
    pub fn sleeps(&self) -> bool {
        self.field(3) == Some("S")
    }

    /// Returns whether the process has ended and is a zombie; not if only its first thread has ended.
    #[must_use]
    pub fn is_zombie(&self) -> bool {
        matches!(self.field(3), Some("Z" | "X")) && self.number(20).is_ok_and(|threads| threads <= 1)
    }

    /// Returns a field, numbered as in the manual page.
    fn field(&self, number: usize) -> Option<&str> {
        self.fields.split_ascii_whitespace().nth(number - 3)
    }

    fn number(&self, field: usize) -> Result<u64> {
        let number = self.field(field).and_then(|text| text.parse().ok());
        number.ok_or_else(|| Error::Refused(format!("{} is not as proc_pid_stat(5) says", self.path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process whose `main` has ended by `pthread_exit` looks like a zombie, but goes on working.
    #[test]
    fn a_process_lives_as_long_as_one_of_its_threads() {
        let stat = |state, threads| {
            let text = format!("7 (a) b) {state} 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 {threads} 0 4711");
            Stat::parse("here", &text)
        };
        assert_eq!([("S", 1), ("Z", 2)].map(|(state, threads)| stat(state, threads).is_zombie()), [false; 2]);
        assert_eq!(
            [("Z", 1), ("Z", 0), ("X", 0)].map(|(state, threads)| stat(state, threads).is_zombie()),
            [true; 3]
        );
        assert_eq!(stat("S", 1).start_time().unwrap(), 4711);
        assert!(stat("S", 1).sleeps() && !stat("R", 1).sleeps());
        assert!(
            Stat::parse("here", "7 (cut").start_time().unwrap_err().to_string().starts_with("here is not")
        );
    }
}
