//! What the kernel knows of a program: where it sleeps, and what it has open.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

/// How long to wait for something that should happen at once.
const LIMIT: Duration = Duration::from_secs(20);

/// Waits until this is so. False if it never is.
pub fn comes_true(mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + LIMIT;
    while Instant::now() < end {
        if condition() {
            return true;
        }
        thread::sleep(Duration::from_millis(3));
    }
    false
}

/// The system call in which the main thread of a process sleeps; nothing if it runs, has ended, or may not be looked at.
pub fn sleeps_in(process: u32) -> Option<i64> {
    let text = fs::read_to_string(format!("/proc/{process}/syscall")).ok()?;
    text.split(' ').next()?.parse().ok()
}

/// Whether this call only lets time go by.
pub fn is_a_pause(call: i64) -> bool {
    [libc::SYS_nanosleep, libc::SYS_clock_nanosleep].contains(&call)
}

/// Waits until the main thread of a process sleeps, and not only for a while: in a call that waits for something. False
/// if it never does. Where the kernel does not say in which call, time has to do.
pub fn waits_for_something(process: u32) -> bool {
    if fs::read_to_string("/proc/self/syscall").is_err() {
        thread::sleep(Duration::from_secs(1));
        return true;
    }
    let mut seen = 0;
    comes_true(|| {
        let waits = sleeps_in(process).is_some_and(|call| call >= 0 && !is_a_pause(call));
        seen = if waits { seen + 1 } else { 0 };
        seen == 10
    })
}

/// An open file of a process.
pub struct Open {
    pub descriptor: u32,
    /// The path, or `pipe:[NUMBER]`, `socket:[NUMBER]`.
    pub path: PathBuf,
    pub can_read: bool,
    pub can_write: bool,
    /// Whether a call on it returns at once (`O_NONBLOCK`).
    pub never_waits: bool,
}

/// What a process has open now; nothing if it has ended.
pub fn open_files(process: u32) -> Vec<Open> {
    let Ok(entries) = fs::read_dir(format!("/proc/{process}/fd")) else { return Vec::new() };
    let open = entries.flatten().filter_map(|entry| {
        let descriptor = entry.file_name().to_str()?.parse().ok()?;
        let flags = fs::read_to_string(format!("/proc/{process}/fdinfo/{descriptor}")).ok()?;
        let flags = flags.lines().find_map(|line| line.strip_prefix("flags:"))?.trim().to_owned();
        let flags = i32::from_str_radix(&flags, 8).ok()?;
        Some(Open {
            descriptor,
            path: fs::read_link(entry.path()).ok()?,
            can_read: flags & libc::O_ACCMODE != libc::O_WRONLY,
            can_write: flags & libc::O_ACCMODE != libc::O_RDONLY,
            never_waits: flags & libc::O_NONBLOCK != 0,
        })
    });
    open.collect()
}

/// The ids of the children of a process that have not ended.
pub fn children(process: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let runs = |id: &u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|rest| !rest.starts_with(" Z") && !rest.is_empty())
    };
    text.split_whitespace().filter_map(|id| id.parse().ok()).filter(runs).collect()
}

/// How many bytes this process and the children it has waited for have read and written; nothing where the kernel does not
/// count.
pub fn read_and_written() -> Option<(u64, u64)> {
    let text = fs::read_to_string("/proc/self/io").ok()?;
    let number = |name| text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok();
    Some((number("rchar:")?, number("wchar:")?))
}
