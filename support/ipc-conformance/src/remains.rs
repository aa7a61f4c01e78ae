//! The check that nothing is left behind.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use ipc_core::Call;
use nix::mqueue::{MQ_OFlag, mq_close, mq_open};
use nix::sys::stat::Mode;

use super::{Outcome, ensure};

/// Fails if there is a file in the directory, a System V object under the key that `address` may be, or a POSIX queue
/// or shared memory object under the name that it may be.
pub(super) fn nothing_left(temporary: &Path, address: &str) -> Outcome {
    let mut left: Vec<_> = fs::read_dir(temporary)
        .call("opendir")?
        .flatten()
        .map(|entry| entry.path().display().to_string())
        .collect();
    if let Some(key) = key(address) {
        for kind in ["msg", "shm", "sem"] {
            let table = fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default();
            let keys =
                table.lines().filter_map(|line| line.split_ascii_whitespace().next()?.parse::<i32>().ok());
            left.extend(keys.filter(|&found| found == key).map(|key| format!("{kind} with key {key:#x}")));
        }
    }
    for name in [address, &format!("{address}.back")] {
        if mq_open(name, MQ_OFlag::O_RDONLY, Mode::empty(), None).map(mq_close).is_ok() {
            left.push(format!("POSIX queue {name}"));
        }
    }
    if let Some(name) = address.strip_prefix('/').filter(|name| !name.is_empty() && !name.contains('/')) {
        let object = Path::new("/dev/shm").join(name);
        if object.exists() {
            left.push(object.display().to_string());
        }
    }
    ensure!(left.is_empty(), "left behind: {}", left.join(", "));
    Ok(())
}

/// Fails if an ownership lock stays in a case's own directory, which is about to be removed: then no process would ever
/// remove the objects that it notes. Waits for a process that is just ending.
pub(super) fn no_ownership_locks(temporary: &Path) -> Outcome {
    let entries =
        |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    soon(|| {
        let bases = entries(temporary).filter(|path| path.to_string_lossy().contains("/ipc-suite-"));
        let locks: Vec<_> =
            bases.flat_map(|base| entries(&base)).map(|lock| lock.display().to_string()).collect();
        ensure!(locks.is_empty(), "the case should have swept what it leaves: {}", locks.join(", "));
        Ok(())
    })
}

/// Returns the System V key that an address is, if it is one.
fn key(address: &str) -> Option<i32> {
    match address.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok().map(|key| key as i32),
        None => address.parse().ok(),
    }
}

/// Checks as [`nothing_left`], but waits for a process that is just ending.
pub(super) fn nothing_left_soon(temporary: &Path, address: &str) -> Outcome {
    soon(|| nothing_left(temporary, address))
}

fn soon(check: impl Fn() -> Outcome) -> Outcome {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match check() {
            Err(_) if Instant::now() < deadline => thread::sleep(Duration::from_millis(20)),
            outcome => return outcome,
        }
    }
}
