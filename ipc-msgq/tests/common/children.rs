//! Processes that a test has started.

use std::io::Read;
use std::process::{Child, Output};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub use ipc_conformance::watchdog::PATIENCE;
use ipc_conformance::watchdog::{doing, kill_descendants};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Waits for a process, within a limit, and reads its output, which may be long: a list of all queues of all programs,
/// say.
pub fn ended(mut child: Child) -> Output {
    let (stdout, stderr) = (all(child.stdout.take()), all(child.stderr.take()));
    wait(&mut child);
    let status = child.wait().unwrap();
    Output { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

/// Reads a pipe to its end, if there is one.
fn all(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(|| {
        let mut text = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut text).unwrap();
        }
        text
    })
}

/// Waits in the same way for a process that is still needed.
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
