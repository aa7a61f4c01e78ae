//! Bad ends: a killed peer, Ctrl-C, a harness ended by force; and what `clean` does about what is left.

#[allow(dead_code)] // shared with the other tests
mod common;

use std::fs;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::{
    bench, children, cleaned, ctrl_c, group_has_ended, has_ended, leases, system_v_objects,
    system_v_objects_of, until, wait, words,
};
use ipc_core::conformance::{Allowance, first_process};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tempfile::TempDir;

/// A harness that measures for hours, and its peer, in a process group of their own.
struct Busy(Child);

impl Busy {
    fn start(mechanism: &str, tmp: &Path) -> Self {
        let mut command = bench();
        command.args(["--mechanism", mechanism, "--kind", "round_trip", "--size", "64"]);
        command.args(["--wait", "block", "--count", "1000000000"]);
        command.env("TMPDIR", tmp);
        Self::of(command)
    }

    fn of(mut command: Command) -> Self {
        command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("the harness is built"))
    }

    /// Sends a signal to all processes, as a terminal does on Ctrl-C, and waits until all have ended.
    fn end(&mut self, signal: Signal) {
        killpg(self.group(), signal).expect("it runs");
        self.has_ended_by(signal);
        until("the peers have ended", || group_has_ended(self.0.id()));
    }

    /// Whoever waits for it sees which signal has ended it.
    fn has_ended_by(&mut self, signal: Signal) {
        assert_eq!(wait(&mut self.0), None, "an exit status");
        let status = self.0.wait().expect("it has ended");
        assert_eq!(status.signal(), Some(signal as i32));
    }

    fn group(&self) -> Pid {
        Pid::from_raw(self.0.id() as i32)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = killpg(self.group(), Signal::SIGKILL);
        let _ = self.0.wait();
    }
}

/// A peer that dies fails its row, by name and with exit status 1; the other rows are still measured.
#[test]
fn a_dead_peer_fails_its_row_and_no_other() {
    let mut command = bench();
    command.args([
        "--mechanism",
        "pipe",
        "--mechanism",
        "mmap",
        "--variant",
        "anonymous",
        "--variant",
        "file",
    ]);
    command.args(["--kind", "throughput", "--size", "64", "--wait", "block", "--json", "--count", "2000000"]);
    let harness = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let harness = harness.spawn().expect("the harness is built");
    // The first one alone: on a busy machine the next pair may be there already.
    let plays_pipe = |pid: &String| words(pid).get(1..3) == Some(&["peer".into(), "pipe".into()]);
    let mut peer = None;
    until("the peer has started", || {
        peer = children(harness.id()).into_iter().find(plays_pipe);
        peer.is_some()
    });
    kill(Pid::from_raw(peer.unwrap().parse().unwrap()), Signal::SIGKILL).expect("it runs");
    let output = harness.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("error: pipe (anonymous) throughput, 64 bytes, wait block: the peer is gone"),
        "{stderr}"
    );
    let document: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("a document all the same");
    assert_eq!(document["failed"][0]["mechanism"], "pipe");
    assert_eq!(document["results"][0]["mechanism"], "mmap");
}

/// A harness that measures for minutes in rounds, saves to `dir`, and has had so long for the first of them.
fn in_the_middle(dir: &Path, time: Duration) -> Busy {
    let mut command = bench();
    command.args(["--mechanism", "pipe", "--mechanism", "mmap", "--size", "64", "--wait", "block"]);
    command.args(["--duration", "300", "--output", dir.join("results").to_str().unwrap()]);
    command.env("TMPDIR", dir);
    let busy = Busy::of(command);
    until("the last of the pairs has started", || children(busy.0.id()).len() == 3);
    thread::sleep(time);
    busy
}

/// The document of a run that was ended early.
fn partial(dir: &Path) -> ipc_bench::Document {
    let document = ipc_bench::output::load(dir.join("results")).expect("saved all the same");
    assert!(!document.complete);
    assert!(document.failed.is_empty(), "{:?}", document.failed);
    assert!(document.results.iter().all(|row| row.count > 0 && row.rounds.is_some()));
    fs::remove_dir_all(dir.join("results")).unwrap();
    assert_eq!(fs::read_dir(dir).unwrap().count(), 0, "{:?}", leases(dir));
    document
}

/// Ctrl-C saves what was measured until then, says that it is not complete, and leaves nothing else.
#[test]
fn ctrl_c_saves_what_was_measured() {
    // A busy machine may take long to get ready.
    let saved = [1, 5, 30].into_iter().any(|seconds| {
        let tmp = TempDir::new().unwrap();
        let mut busy = in_the_middle(tmp.path(), Duration::from_secs(seconds));
        busy.end(ctrl_c());
        !partial(tmp.path()).results.is_empty()
    });
    assert!(saved, "the first round was still under way");
}

/// Also if the peer stands still, and would keep the harness waiting for ever.
#[test]
fn ctrl_c_ends_a_run_whose_peer_stands_still() {
    let tmp = TempDir::new().unwrap();
    let mut busy = in_the_middle(tmp.path(), Duration::from_secs(1));
    let peers = children(busy.0.id());
    for peer in &peers {
        kill(Pid::from_raw(peer.parse().unwrap()), Signal::SIGSTOP).expect("it runs");
    }
    thread::sleep(Duration::from_millis(300));
    kill(busy.group(), Signal::SIGTERM).expect("it runs");
    busy.has_ended_by(Signal::SIGTERM);
    until("the peers have ended", || peers.iter().all(has_ended));
    partial(tmp.path());
}

/// A signal that reaches the harness alone, as `kill` and `timeout` send it, leaves nothing either.
#[test]
fn a_signal_to_the_harness_alone_leaves_nothing_behind() {
    let _queues = Allowance::wait_for(1);
    for _ in 0..3 {
        let tmp = TempDir::new().unwrap();
        let mut command = bench();
        command.args(["--mechanism", "msgq", "--mechanism", "shm", "--mechanism", "socket", "--size", "64"]);
        command.args(["--wait", "block", "--duration", "300", "--output"]).arg(tmp.path().join("results"));
        command.env("TMPDIR", tmp.path());
        let mut busy = Busy::of(command);
        until("all pairs have started", || children(busy.0.id()).len() == 8);
        let peers = children(busy.0.id());
        kill(busy.group(), Signal::SIGTERM).expect("it runs");
        busy.has_ended_by(Signal::SIGTERM);
        until("the peers have ended", || peers.iter().all(has_ended));
        partial(tmp.path());
    }
}

/// `clean` removes what a killed pair left and says so; a living pair keeps what it holds.
#[test]
fn clean_removes_what_the_dead_left_and_spares_the_living() {
    let _queues = Allowance::wait_for(1);
    let tmp = TempDir::new().unwrap();
    let mut dead = Busy::start("fifo", tmp.path());
    until("the first pair has its lease", || leases(tmp.path()).len() == 1);
    let left = leases(tmp.path()).remove(0);
    // Another mechanism: a pair of the same one would sweep by itself when it starts.
    let mut living = Busy::start("msgq", tmp.path());
    // One more for each variant, now or a moment later.
    until("the second pair has its lease", || leases(tmp.path()).len() >= 2);
    dead.end(Signal::SIGKILL);
    assert!(left.exists(), "a killed process removes nothing");

    assert_eq!(cleaned(tmp.path()), [format!("fifo: removed {}", left.display())]);
    assert!(!left.exists() && !leases(tmp.path()).is_empty());
    assert!(living.0.try_wait().unwrap().is_none(), "the living pair goes on");

    living.end(Signal::SIGTERM);
    assert_eq!(cleaned(tmp.path()), [""; 0]);
}

/// Ctrl-C in the middle of a measurement leaves nothing, whichever mechanism it hits.
#[test]
fn ctrl_c_leaves_nothing_behind() {
    let _queues = Allowance::wait_for(1);
    for member in &ipc_bench::SIX {
        let name = member.profile.name;
        let tmp = TempDir::new().unwrap();
        let before = system_v_objects();
        let mut busy = Busy::start(name, tmp.path());
        let pid = busy.0.id();
        // The objects are made before the peer is started.
        until("the peer has started", || !children(pid).is_empty());
        busy.end(ctrl_c());
        assert_eq!(fs::read_dir(tmp.path()).unwrap().count(), 0, "{name} left {:?}", leases(tmp.path()));
        assert_eq!(system_v_objects_of(pid, &before), [], "{name}");
    }
}

/// Ended while it starts, it removes also what it is just making.
#[test]
fn ended_while_it_starts_it_leaves_nothing_behind() {
    for attempt in 0..60 {
        let tmp = TempDir::new().unwrap();
        let before = system_v_objects();
        let mut busy = Busy::start("shm", tmp.path());
        let latest = Instant::now() + Duration::from_millis(attempt);
        while Instant::now() < latest && fs::read_dir(tmp.path()).unwrap().count() == 0 {}
        thread::sleep(Duration::from_micros(attempt));
        busy.end(Signal::SIGTERM);
        // A peer that was just being started may have the segment for a moment longer.
        let pid = busy.0.id();
        until("nothing is left", || {
            fs::read_dir(tmp.path()).unwrap().count() == 0 && system_v_objects_of(pid, &before).is_empty()
        });
    }
}

/// As process 1 of a container it ends with the status that a shell has for the signal, and its results are saved.
#[test]
fn as_process_1_of_a_container_it_saves_and_ends() {
    let tmp = TempDir::new().unwrap();
    let mut command = bench();
    command.args([
        "--profile",
        "thorough",
        "--mechanism",
        "shm",
        "--size",
        "64",
        "--wait",
        "block",
        "--output",
    ]);
    command.arg(tmp.path().join("results")).env("TMPDIR", tmp.path());
    first_process::ends_by(&command, "thorough: ", Signal::SIGTERM).unwrap();
    if tmp.path().join("results").exists() {
        partial(tmp.path());
    }
}
