//! Tests of the program: real processes play through every library, and a run ends when one of them is killed.

#[expect(dead_code, reason = "the checks of the schema itself are made elsewhere")]
#[path = "../../../support/ipc-conformance/src/json_schema.rs"]
mod validator;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ipc_bench::results::document::SCHEMA_VERSION;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// The longest that a run may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Returns a command for the program, whose runs and temporary files are in `dir`. It ends with this test, even if that is
/// killed, and all of its processes with it.
fn peers(dir: &Path, arguments: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", env!("CARGO_BIN_EXE_peers")]);
    command.args(arguments.split_ascii_whitespace()).env("TMPDIR", dir).env("XDG_DATA_HOME", dir);
    command
}

fn start(mut command: Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for the end of a program, and fails if that takes too long.
fn end(child: Child) -> Output {
    let pid = Pid::from_raw(child.id().cast_signed());
    let waiting = thread::spawn(move || child.wait_with_output().unwrap());
    let started = Instant::now();
    while !waiting.is_finished() {
        if started.elapsed() > PATIENCE {
            let _ = kill(pid, Signal::SIGKILL);
            panic!("still running after {PATIENCE:?}");
        }
        thread::sleep(Duration::from_millis(5));
    }
    waiting.join().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns the processes below one.
fn descendants(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<u32> = lists
        .flat_map(|list| list.split_ascii_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<_>>())
        .collect();
    children.iter().flat_map(|child| [*child].into_iter().chain(descendants(*child))).collect()
}

/// Two processes of every library exchange 100 round trips and a stream, each message checked, and then as many again that
/// are timed. A library that cannot play says why. Each row keeps to the schema, and nothing stays behind.
#[test]
fn every_library_plays_or_says_why() {
    let dir = TempDir::new().unwrap();
    let child = start(peers(dir.path(), "--count 100 --json"));
    let pid = child.id();
    let output = end(child);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let schema = format!("../../docs/src/schema/results-{SCHEMA_VERSION}.json");
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join(schema);
    let schema = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    assert_eq!(validator::wrong(&schema, &document), [""; 0]);
    let list = |name: &str| document[name].as_array().unwrap().clone();
    for participant in peers::participants::all() {
        let implementation = (participant.implementation)();
        for (kind, wait) in
            [("round_trip", "block"), ("round_trip", "spin"), ("throughput", "block"), ("throughput", "spin")]
        {
            let flush_every = if kind == "throughput" { participant.flush_every } else { 1 };
            let of_this = |row: &&Value| {
                row["flush_every"].as_u64().unwrap_or(flush_every) == flush_every
                    && row["implementation"].as_str().unwrap_or("suite") == implementation
                    && (row["mechanism"].as_str(), row["variant"].as_str())
                        == (Some(participant.beside.0), Some(participant.beside.1))
                    && (row["kind"].as_str(), row["wait"].as_str()) == (Some(kind), Some(wait))
            };
            let (rows, skipped) = (list("results"), list("skipped"));
            match (rows.iter().find(of_this), skipped.iter().find(of_this)) {
                (Some(row), None) => {
                    assert!(row["rounds"]["ns"]["median"].as_f64() > Some(0.0), "{row}");
                    assert_eq!(row["suite_ratio"].is_null(), implementation == "suite", "{row}");
                }
                (None, Some(none)) => assert!(none["reason"].as_str().unwrap().len() > 10, "{none}"),
                other => panic!("{implementation} {kind} {wait}: {other:?}"),
            }
        }
    }
    assert_eq!(left_by(pid, dir.path()), [""; 0]);
}

/// Returns what a run has left, but for its results: all that it makes has its process id in the name.
fn left_by(pid: u32, dir: &Path) -> Vec<String> {
    let names = |dir: &Path| {
        let entries = fs::read_dir(dir)
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        entries.collect::<Vec<_>>()
    };
    let all = [dir, Path::new("/dev/shm"), Path::new("/dev/mqueue")].into_iter().flat_map(names);
    all.filter(|name| name.contains(&format!("ipc-peers-{pid}-"))).collect()
}

/// The death of a process ends the run at once, although most libraries do not notice it, and the error names the
/// library. Nothing stays behind.
#[test]
fn a_killed_process_ends_the_run() {
    for (name, implementation) in [
        ("ipc-channel", "ipc-channel "),
        ("c-ring", "C ("),
        ("iceoryx2", "iceoryx2 "),
        ("shmem-ipc", "shmem-ipc "),
    ] {
        let dir = TempDir::new().unwrap();
        let child =
            start(peers(dir.path(), &format!("--only {name} --kind round-trip --wait spin --count 1G")));
        let pid = child.id();
        let started = Instant::now();
        let pong = loop {
            // This program, ping, pong; the first pair only tries whether the library works.
            let playing = descendants(pid).into_iter().find(|pid| {
                let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                let busy = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                let ticks = busy.split(' ').nth(13).and_then(|ticks| ticks.parse::<u64>().ok());
                line.contains("peer-pong") && ticks > Some(20)
            });
            if let Some(pid) = playing {
                break pid;
            }
            assert!(started.elapsed() < PATIENCE, "{name}: no pong plays");
            thread::sleep(Duration::from_millis(10));
        };
        kill(Pid::from_raw(pong.cast_signed()), Signal::SIGKILL).unwrap();
        let output = end(child);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        let error = said.lines().find(|line| line.starts_with(&format!("error: {implementation}")));
        assert!(error.is_some_and(|error| error.contains("the peer is gone")), "{name}: {said}");
        assert_eq!(left_by(pid, dir.path()), [""; 0], "{name}");
    }
}

/// A wrong argument gets one line that says what would be right.
#[test]
fn a_wrong_argument_is_refused() {
    let dir = TempDir::new().unwrap();
    for (arguments, expected) in [
        ("--wait hybrid", "expected block or spin"),
        ("--kind clients", "expected round-trip or throughput"),
        ("--only nothing", "invalid participant 'nothing': expected pipe-anonymous, "),
        ("--cpus 0", "expected same, split or A,B"),
    ] {
        let output = end(start(peers(dir.path(), arguments)));
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert!(text(&output.stderr).contains(expected), "{arguments}: {}", text(&output.stderr));
    }
}
