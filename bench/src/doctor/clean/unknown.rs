//! Objects of this user that no process uses and no ownership lock accounts for: from a run with another `TMPDIR`, or
//! from another program. They cannot be told apart, so they are only shown.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use ipc_core::{Advise, Call, Result};
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::{Pid, geteuid};

/// The prefix of the names of the suite's own POSIX queues.
const OURS: &str = "ipc-";

/// Returns the queues and segments that have been left alone for `min_age`, each with the command that removes it. One
/// that was just made, or is in use by processes that come and go, is not shown.
///
/// # Errors
/// They cannot be read, which does not mean that there are none.
pub(super) fn objects(min_age: Duration) -> Result<Vec<String>> {
    let latest = SystemTime::now().checked_sub(min_age).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut objects =
        system_v("msg", &[("lspid", "stime"), ("lrpid", "rtime")], "qnum", "System V queue", "-q", latest)?;
    let users = [("cpid", "ctime"), ("lpid", "atime")];
    objects.extend(system_v("shm", &users, "nattch", "shared memory segment", "-m", latest)?);
    objects.extend(posix_queues(latest)?);
    Ok(objects)
}

/// Returns the objects of a table in `/proc/sysvipc` whose last users have all ended, which are attached nowhere, and
/// which nothing has happened to since `latest`. Each user is a pid, and the time of its last use, if any.
fn system_v(
    table: &str,
    users: &[(&str, &str)],
    count: &str,
    what: &str,
    option: &str,
    latest: SystemTime,
) -> Result<Vec<String>> {
    let path = Path::new("/proc/sysvipc").join(table);
    let text = unless_absent(fs::read_to_string(&path)).call("open").on(path.display())?.unwrap_or_default();
    let mut lines = text.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    let Some(names) = lines.next() else { return Ok(Vec::new()) };
    // The pid 0 with a time: a process of another pid namespace, which may be alive.
    let lives = |pid: i32, when: i64| match pid {
        0 => when != 0,
        pid => !matches!(kill(Pid::from_raw(pid), None), Err(Errno::ESRCH)),
    };
    let unused = |line: Vec<&str>| {
        let field =
            |name| -> Option<i64> { line.get(names.iter().position(|found| *found == name)?)?.parse().ok() };
        let attached = count == "nattch" && field(count)? > 0;
        let is_ours = field("cuid")? == i64::from(geteuid().as_raw()) && field("key")? != 0;
        let used = attached
            || users.iter().any(|(user, when)| match (field(user), field(when)) {
                (Some(pid), Some(when)) => lives(pid as i32, when),
                _ => true,
            });
        let seconds = |time: i64| SystemTime::UNIX_EPOCH + Duration::from_secs(time.max(0).unsigned_abs());
        let times = ["stime", "rtime", "atime", "dtime", "ctime"].into_iter().filter_map(field);
        let is_old = times.map(seconds).all(|time| time <= latest);
        let (key, id) = (field("key")? as i32, field(if table == "msg" { "msqid" } else { "shmid" })?);
        (is_ours && is_old && !used)
            .then(|| format!("{what} {id} with key {key:#010x} (ipcrm {option} {id})"))
    };
    Ok(lines.filter_map(unused).collect())
}

/// Returns the queues whose names have the suite's form, and which their owner does not lock.
fn posix_queues(latest: SystemTime) -> Result<Vec<String>> {
    let directory = "/dev/mqueue";
    let mut unused = Vec::new();
    for entry in unless_absent(fs::read_dir(directory)).call("opendir").on(directory)?.into_iter().flatten() {
        let entry = entry.call("readdir").on(directory)?;
        let path = entry.path();
        if entry.file_name().to_str().is_none_or(|name| !name.starts_with(OURS)) {
            continue;
        }
        let Some(meta) = unless_absent(entry.metadata()).call("lstat").on(path.display())? else { continue };
        let is_old = [meta.modified(), meta.accessed()].into_iter().flatten().all(|time| time <= latest);
        if meta.uid() == geteuid().as_raw() && is_old && !is_in_use(&path)? {
            unused.push(format!("POSIX queue {0} (rm {0})", path.display()));
        }
    }
    Ok(unused)
}

/// Returns true if a process holds the queue at `path`, or the queue whose return path it is: the owner locks the one
/// that it reads.
fn is_in_use(path: &Path) -> Result<bool> {
    let inbound = path.to_str().and_then(|path| path.strip_suffix(".back")).map(Path::new);
    Ok(is_locked(path)?
        || inbound.map_or(Ok(false), |inbound| Ok(inbound.exists() && is_locked(inbound)?))?)
}

/// Returns true if the queue at `path` is locked; also if it has just been removed, or no process may read it.
fn is_locked(path: &Path) -> Result<bool> {
    let opened = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(true),
        opened => unless_absent(opened).call("open").on(path.display())?,
    };
    match opened.map(|queue| queue.try_lock()) {
        Some(Err(TryLockError::Error(error))) => Err(error).call("flock").on(path.display()),
        locked => Ok(!matches!(locked, Some(Ok(())))),
    }
}

fn unless_absent<T>(looked: io::Result<T>) -> io::Result<Option<T>> {
    match looked {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        looked => looked.map(Some),
    }
}
