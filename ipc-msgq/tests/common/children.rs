//! Processes that a test has started.

use std::fs;
use std::process::{Child, Output};
use std::thread;
use std::time::{Duration, Instant};

pub use ipc_core::conformance::watchdog::PATIENCE;
use ipc_core::conformance::watchdog::{doing, kill_descendants};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Waits for a process, but not for ever. What it writes meanwhile must fit into a pipe.
pub fn ended(mut child: Child) -> Output {
    wait(&mut child);
    child.wait_with_output().unwrap()
}

/// The same, of one that is still needed.
pub fn wait(child: &mut Child) {
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > PATIENCE {
            let doing = doing();
            kill_descendants(child.id());
            child.kill().unwrap();
            panic!("{} still runs after {PATIENCE:?}:\n{doing}", child.id());
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Sends `signal` and waits for the end.
pub fn end(child: &mut Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).unwrap();
    wait(child);
}

/// What a terminal sends on Ctrl-C. Who was started with nohup(1), or in the background of a script, has its children
/// ignore that: then what kill(1) sends.
pub fn ctrl_c() -> Signal {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap();
    if ignored & 1 << (Signal::SIGINT as u32 - 1) == 0 { Signal::SIGINT } else { Signal::SIGTERM }
}
