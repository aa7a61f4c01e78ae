//! Objects of this user that no process uses, and that no lease accounts for: of a run with another `TMPDIR`, or of
//! another program. Nothing tells which, so they are only shown.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::{Pid, geteuid};

/// How the names of the suite's own POSIX queues begin.
const OURS: &str = "ipc-";

/// Queues and segments, each with the command that removes it.
pub(super) fn objects() -> Vec<String> {
    let mut objects = system_v("msg", &["lspid", "lrpid"], "qnum", "System V queue", "-q");
    objects.extend(system_v("shm", &["cpid", "lpid"], "nattch", "shared memory segment", "-m"));
    objects.extend(posix_queues());
    objects
}

/// Those of a table in `/proc/sysvipc` whose last users have all ended, and which are attached nowhere.
fn system_v(table: &str, users: &[&str], count: &str, what: &str, option: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new("/proc/sysvipc").join(table)).unwrap_or_default();
    let mut lines = text.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    let Some(names) = lines.next() else { return Vec::new() };
    let lives = |pid: i32| pid != 0 && !matches!(kill(Pid::from_raw(pid), None), Err(Errno::ESRCH));
    let unused = |line: Vec<&str>| {
        let field =
            |name| -> Option<i64> { line.get(names.iter().position(|found| *found == name)?)?.parse().ok() };
        let attached = count == "nattch" && field(count)? > 0;
        let is_ours = field("cuid")? == i64::from(geteuid().as_raw()) && field("key")? != 0;
        let used = attached || users.iter().any(|user| field(user).is_some_and(|pid| lives(pid as i32)));
        let (key, id) = (field("key")? as i32, field(if table == "msg" { "msqid" } else { "shmid" })?);
        (is_ours && !used).then(|| format!("{what} {id} with key {key:#010x} (ipcrm {option} {id})"))
    };
    lines.filter_map(unused).collect()
}

/// Those with a name as the suite gives it, and without the lock that their owner holds.
fn posix_queues() -> Vec<String> {
    let entries = fs::read_dir("/dev/mqueue").into_iter().flatten().flatten();
    let unused = entries.filter(|entry| {
        let is_ours = entry.metadata().is_ok_and(|meta| meta.uid() == geteuid().as_raw());
        let named = entry.file_name().to_str().is_some_and(|name| name.starts_with(OURS));
        named && is_ours && File::open(entry.path()).is_ok_and(|queue| queue.try_lock().is_ok())
    });
    unused.map(|entry| format!("POSIX queue {0} (rm {0})", entry.path().display())).collect()
}
