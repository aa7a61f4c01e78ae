//! The threads of a demo that sleep in the background: what they must not have of their process, and what its children
//! must not inherit of them.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Stdio;

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
    until_it_measures(&mut child)?;
    let pids: Vec<u32> = [child.id()].into_iter().chain(descendants(child.id())).collect();
    ensure!(pids.len() == 2, "the processes of a demo: {pids:?}");
    for pid in pids {
        let tasks = fs::read_dir(format!("/proc/{pid}/task"))?.map(|task| task.map(|task| task.path()));
        let tasks = tasks.collect::<Result<Vec<PathBuf>, _>>()?;
        ensure!(tasks.len() > 1, "process {pid} has no thread that waits for signals");
        for task in tasks {
            let text = |name: &str| fs::read_to_string(task.join(name));
            let name = text("comm")?;
            if task.ends_with(pid.to_string()) {
                let status = text("status")?;
                let unblocked = status.lines().any(|line| line == "SigBlk:\t0000000000000000");
                ensure!(unblocked, "the thread that plays blocks signals: {status}");
                continue;
            }
            let stderr = fs::read_link(task.join("fd/2"))?;
            let others =
                fs::read_dir(task.join("fd"))?.filter_map(|fd| match fs::read_link(fd.ok()?.path()) {
                    Err(error) if error.kind() == ErrorKind::NotFound => None,
                    file => Some(file),
                });
            for file in others {
                let file = file?;
                ensure!(file == stderr, "thread {name} of process {pid} has {}", file.display());
            }
        }
    }
    ends_by(&mut child, Signal::SIGTERM)
}
