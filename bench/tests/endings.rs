//! Tests of abnormal termination: a killed peer, Ctrl-C, a harness ended by force; and of `clean` on the objects left
//! behind.

mod common;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use common::{
    Output, Running, bench, children, cleaned, ctrl_c, locks, switches, system_v_objects,
    system_v_objects_of, until, words,
};
use ipc_conformance::{Allowance, first_process};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// Starts a harness that measures for hours, and its peer.
fn busy(mechanism: &str, tmp: &Path) -> Running {
    let mut command = bench();
    command.args(["--mechanism", mechanism, "--kind", "round_trip", "--size", "64"]);
    command.args(["--wait", "block", "--count", "1000000000"]);
    Running::start(command.env("TMPDIR", tmp))
}

/// The parent sees the signal that ended the harness. All its descendants have ended as well.
fn ends_by(signal: Signal, busy: Running) {
    let output = busy.output();
    assert_eq!(output.signal, Some(signal as i32), "{:?}: {}", output.status, output.stderr);
}

/// Returns true if a process was started to play pong over this mechanism.
fn plays(mechanism: &str, pid: &str) -> bool {
    matches!(&words(pid)[..], [_, _, role, argument, ..]
        if role == "pong" && argument.contains(&format!(r#""mechanism":"{mechanism}""#)))
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
    let harness = Running::start(&mut command);
    // The first one alone: on a busy machine the next pair may already be there.
    let mut peer = None;
    until("the peer has started", || {
        peer = children(harness.id()).into_iter().find(|pid| plays("pipe", pid));
        peer.is_some()
    });
    kill(Pid::from_raw(peer.unwrap().parse().unwrap()), Signal::SIGKILL).expect("it runs");
    let Output { status, stdout, stderr, .. } = harness.output();
    assert_eq!(status, Some(1), "{stderr}");
    assert!(
        stderr.contains("error: pipe (anonymous) throughput, 64 bytes, wait block: the peer is gone"),
        "{stderr}"
    );
    let document: serde_json::Value = serde_json::from_str(&stdout).expect("a document all the same");
    assert_eq!(document["failed"][0]["mechanism"], "pipe");
    assert_eq!(document["results"][0]["mechanism"], "mmap");
}

/// Starts a harness that measures for minutes in rounds, saves to `dir`, and is in the first round, in the turn of the
/// pipe.
fn in_the_middle(dir: &Path) -> Running {
    let mut command = bench();
    command.args(["--mechanism", "pipe", "--mechanism", "mmap", "--size", "64", "--wait", "block"]);
    command.args(["--duration", "300", "--output", dir.join("results").to_str().unwrap()]);
    let busy = Running::start(command.env("TMPDIR", dir));
    until("the last of the pairs has started", || children(busy.id()).len() == 3);
    let pipe = children(busy.id()).into_iter().find(|pid| plays("pipe", pid)).expect("it is there");
    let before = switches(&pipe); // the others are still getting ready, and the pipe waits
    until("it is the pipe's turn again", || switches(&pipe) > before + 100);
    busy
}

/// Reads the document of a run that was ended early.
fn partial(dir: &Path) -> ipc_bench::results::document::Document {
    let document = ipc_bench::results::output::load(dir.join("results")).expect("saved all the same");
    assert!(!document.complete);
    assert!(document.failed.is_empty(), "{:?}", document.failed);
    assert!(document.results.iter().all(|row| row.count > 0 && row.rounds.is_some()));
    fs::remove_dir_all(dir.join("results")).unwrap();
    assert_eq!(fs::read_dir(dir).unwrap().count(), 0, "{:?}", locks(dir));
    document
}

/// Ctrl-C saves the measurements until then, reports them as incomplete, and leaves nothing else.
#[test]
fn ctrl_c_saves_what_was_measured() {
    // The run saves tasks of a tenth of a second, of which the first takes longer on a busy machine.
    let saved = [300, 5_000].into_iter().any(|ms| {
        let tmp = TempDir::new().unwrap();
        let busy = in_the_middle(tmp.path());
        thread::sleep(Duration::from_millis(ms));
        busy.signal_all(ctrl_c());
        ends_by(ctrl_c(), busy);
        !partial(tmp.path()).results.is_empty()
    });
    assert!(saved, "the first round was still under way");
}

/// Ctrl-C also ends a run whose peer is stopped, and would keep the harness waiting indefinitely.
#[test]
fn ctrl_c_ends_a_run_whose_peer_stands_still() {
    let tmp = TempDir::new().unwrap();
    let busy = in_the_middle(tmp.path());
    for peer in children(busy.id()) {
        kill(Pid::from_raw(peer.parse().unwrap()), Signal::SIGSTOP).expect("it runs");
    }
    busy.signal(Signal::SIGTERM);
    ends_by(Signal::SIGTERM, busy);
    partial(tmp.path());
}

/// A signal to the harness alone, as `kill` and `timeout` send it, leaves nothing behind either.
#[test]
fn a_signal_to_the_harness_alone_leaves_nothing_behind() {
    let _queues = Allowance::wait_for(1);
    let tmp = TempDir::new().unwrap();
    let mut command = bench();
    command.args(["--mechanism", "msgq", "--mechanism", "shm", "--mechanism", "socket", "--size", "64"]);
    command.args(["--wait", "block", "--duration", "300", "--output"]).arg(tmp.path().join("results"));
    let busy = Running::start(command.env("TMPDIR", tmp.path()));
    until("all pairs have started", || children(busy.id()).len() == 8);
    busy.signal(Signal::SIGTERM);
    ends_by(Signal::SIGTERM, busy);
    partial(tmp.path());
}

/// `clean` removes and reports the objects that a killed pair left; a living pair keeps its own.
#[test]
fn clean_removes_what_the_dead_left_and_spares_the_living() {
    let _queues = Allowance::wait_for(1);
    let tmp = TempDir::new().unwrap();
    let dead = busy("fifo", tmp.path());
    until("the first pair has its ownership", || locks(tmp.path()).len() == 1);
    let left = locks(tmp.path()).remove(0);
    // Another mechanism: a pair of the same one would sweep by itself when it starts.
    let mut living = busy("msgq", tmp.path());
    // One more for each variant, now or a moment later.
    until("the second pair has its ownership", || locks(tmp.path()).len() >= 2);
    dead.signal_all(Signal::SIGKILL);
    ends_by(Signal::SIGKILL, dead);
    assert!(left.exists(), "a killed process removes nothing");

    assert_eq!(cleaned(tmp.path()), [format!("fifo: removed {}", left.display())]);
    assert!(!left.exists() && !locks(tmp.path()).is_empty());
    assert!(living.runs(), "the living pair goes on");

    living.signal_all(Signal::SIGTERM);
    ends_by(Signal::SIGTERM, living);
    assert_eq!(cleaned(tmp.path()), [""; 0]);
}

/// Ctrl-C in the middle of a measurement leaves nothing behind, for every mechanism.
#[test]
fn ctrl_c_leaves_nothing_behind() {
    let _queues = Allowance::wait_for(1);
    for member in ipc_bench::results::registry::SIX.iter() {
        let name = member.profile.name;
        let tmp = TempDir::new().unwrap();
        let before = system_v_objects();
        let busy = busy(name, tmp.path());
        let pid = busy.id();
        // The objects are created before the peer is started.
        until("the peer has started", || !children(pid).is_empty());
        busy.signal_all(ctrl_c());
        ends_by(ctrl_c(), busy);
        assert_eq!(fs::read_dir(tmp.path()).unwrap().count(), 0, "{name} left {:?}", locks(tmp.path()));
        assert_eq!(system_v_objects_of(pid, &before), [], "{name}");
    }
}

/// A harness ended during its start also removes the objects that it is just creating.
#[test]
fn ended_while_it_starts_it_leaves_nothing_behind() {
    for attempt in (0..60).step_by(3) {
        let tmp = TempDir::new().unwrap();
        let before = system_v_objects();
        let busy = busy("shm", tmp.path());
        let latest = Instant::now() + Duration::from_millis(attempt);
        while Instant::now() < latest && fs::read_dir(tmp.path()).unwrap().count() == 0 {}
        thread::sleep(Duration::from_micros(attempt));
        let pid = busy.id();
        busy.signal_all(Signal::SIGTERM);
        ends_by(Signal::SIGTERM, busy);
        // A peer that was just being started may have the segment attached for a moment longer.
        until("nothing is left", || {
            fs::read_dir(tmp.path()).unwrap().count() == 0 && system_v_objects_of(pid, &before).is_empty()
        });
    }
}

/// As process 1 of a container it ends with the shell's status for the signal, and its results are saved.
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
