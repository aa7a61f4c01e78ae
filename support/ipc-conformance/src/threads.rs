//! The threads of a demo that sleep in the background: what they must not have of their process, and what its children
//! must not inherit of them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use libtest_mimic::Failed;
use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::demo::{Demo, ends_by, until_it_measures};
use super::watchdog::descendants;
use super::{Outcome, ensure};

/// In both processes, the thread that plays has its table of descriptors to itself, or each of its calls takes longer;
/// and no other thread has a copy of an end, or an end of file does not come.
pub(super) fn share_no_descriptors(demo: Demo, place: &TempDir) -> Outcome {
    let mut command = demo.command(place, &["--count", "1000000000"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let checked = until_it_measures(&mut child).and_then(|()| {
        let pids: Vec<u32> = [child.id()].into_iter().chain(descendants(child.id())).collect();
        ensure!(pids.len() == 2, "the processes of a demo: {pids:?}");
        pids.into_iter().try_for_each(check)
    });
    ends_by(&mut child, Signal::SIGTERM).and(checked)
}

/// Checks the threads of one process.
fn check(pid: u32) -> Outcome {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"))?.map(|task| task.map(|task| task.path()));
    let tasks = tasks.collect::<Result<Vec<PathBuf>, _>>()?;
    ensure!(tasks.len() > 1, "process {pid} has no thread that waits for signals");
    let first = PathBuf::from(format!("/proc/{pid}"));
    let status = fs::read_to_string(first.join("status"))?;
    let unblocked = status.lines().any(|line| line == "SigBlk:\t0000000000000000");
    ensure!(unblocked, "the thread that plays blocks signals: {status}");
    let played_with = files(&first)?;
    for task in tasks.iter().filter(|task| !task.ends_with(pid.to_string())) {
        let name = fs::read_to_string(task.join("comm"))?;
        let stderr = fs::read_link(task.join("fd/2"))?;
        for file in files(task)? {
            // What the kernel names after its kind alone, such as a pidfd, may be the thread's own.
            let may_be_its_own = file == stderr || file.to_string_lossy().starts_with("anon_inode:");
            let shared = !may_be_its_own && played_with.contains(&file);
            ensure!(!shared, "thread {name} of process {pid} has {}", file.display());
        }
    }
    Ok(())
}

/// Returns the files behind the descriptors of a process or a thread.
fn files(of: &Path) -> Result<Vec<PathBuf>, Failed> {
    let files = fs::read_dir(of.join("fd"))?.filter_map(|fd| match fs::read_link(fd.ok()?.path()) {
        Err(error) if error.kind() == ErrorKind::NotFound => None, // it was just closed
        file => Some(file),
    });
    Ok(files.collect::<Result<_, _>>()?)
}
