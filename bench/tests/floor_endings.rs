//! Tests of abnormal termination while bare calls are played: Ctrl-C, a harness ended by force, a killed peer.

mod common;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{Output, Running, bench, children, cleaned, ctrl_c, locks, switches, until, words};
use ipc_conformance::Allowance;
use nix::sched::{CpuSet, sched_getaffinity};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// The messages of a row, and of each of the 22 rounds at the floor: long enough to be caught there.
const SOME: u64 = 3000;

/// The same for a row that polls: on a core that other processes use as well, each message takes milliseconds.
const FEW: u64 = 500;

/// The number of messages that take ten seconds at the floor.
const MANY: u64 = 30_000;

/// A harness that stays at the floor of one variant for a while.
struct AtTheFloor {
    harness: Running,
    tmp: TempDir,
    /// The process ids of the peers that play by bare calls.
    peers: Vec<String>,
}

impl AtTheFloor {
    fn start(mechanism: &str, variant: &str, wait: &str, count: u64) -> Self {
        let tmp = TempDir::new().unwrap();
        let mut command = bench();
        command.args([
            "--floor",
            "--mechanism",
            mechanism,
            "--variant",
            variant,
            "--wait",
            wait,
            "--kind",
            "round_trip",
            "--size",
            "64",
        ]);
        command
            .args(["--count", &count.to_string(), "--cpus", &one_cpu(), "--json"])
            .env("TMPDIR", tmp.path());
        let harness = Running::start(&mut command);
        let mut this = Self { harness, tmp, peers: Vec::new() };
        until("it is at the floor", || {
            this.peers = children(this.harness.id());
            this.peers.retain(|pid| plays_by_bare_calls(pid, variant));
            !this.peers.is_empty()
        });
        // More than the messages checked before the first round: on one core, each message takes a context switch.
        until("it is the floor's turn", || this.peers.iter().all(|pid| switches(pid) > 400));
        this
    }
}

/// Returns both sides on one CPU, each time the next one that this process may use.
fn one_cpu() -> String {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    let mine = sched_getaffinity(Pid::from_raw(0)).expect("of this process");
    let cpus: Vec<_> = (0..CpuSet::count()).filter(|&cpu| mine.is_set(cpu).unwrap_or(false)).collect();
    let cpu = cpus[TURN.fetch_add(1, Ordering::Relaxed) % cpus.len()];
    format!("{cpu},{cpu}")
}

/// Returns true if the process has the command line `ipc-bench helper pong-by-bare-calls ARGUMENT` for this variant.
fn plays_by_bare_calls(pid: &str, variant: &str) -> bool {
    matches!(&words(pid)[..], [_, _, role, argument, ..]
        if role == "pong-by-bare-calls" && argument.contains(&format!(r#""variant":"{variant}""#)))
}

/// Returns the System V keys and the names of POSIX queues that each ownership lock under this directory notes.
fn noted(tmp: &Path) -> Vec<Vec<String>> {
    let records = locks(tmp)
        .into_iter()
        .map(|ownership| fs::read_to_string(ownership.join("records")).unwrap_or_default());
    let names = records.map(|text| {
        let words = text.split_ascii_whitespace().map(str::to_owned);
        words.filter(|word| word.starts_with("0x") || word.starts_with('/')).collect()
    });
    names.collect()
}

/// Returns true if the kernel has an object of that key or name.
fn is_there(name: &str) -> bool {
    if let Some(digits) = name.strip_prefix("0x") {
        let key = u32::from_str_radix(digits, 16).expect("a key").cast_signed().to_string();
        let tables = ["msg", "shm", "sem"]
            .map(|kind| fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default());
        return tables
            .iter()
            .flat_map(|table| table.lines())
            .any(|line| line.split_ascii_whitespace().next() == Some(key.as_str()));
    }
    Path::new("/dev/mqueue").join(name.trim_start_matches('/')).exists()
}

/// Ctrl-C at the floor leaves nothing behind; after SIGKILL, `clean` removes the remaining objects.
#[test]
fn nothing_is_left_of_a_floor() {
    let _queues = Allowance::wait_for(1);
    // The mechanisms with names or ids, and the number of ownership locks that note objects: the suite's and the floor's.
    for (mechanism, variant, notes) in
        [("fifo", "fifo", 0), ("msgq", "sysv", 2), ("msgq", "posix", 1), ("shm", "sem", 2)]
    {
        for signal in [Signal::SIGTERM, Signal::SIGKILL] {
            let at = AtTheFloor::start(mechanism, variant, "block", SOME);
            let objects = noted(at.tmp.path());
            let some = objects.iter().filter(|objects| !objects.is_empty()).count();
            assert_eq!(some, notes, "{variant}: {objects:?}");
            at.harness.signal_all(signal);
            let output = at.harness.output();
            assert_eq!(output.signal, Some(signal as i32), "{variant}: {}", output.stderr);
            if signal == Signal::SIGKILL {
                let done = cleaned(at.tmp.path());
                assert!(done.iter().all(|line| line.contains(": removed ")), "{done:?}");
            }
            let locks = locks(at.tmp.path());
            assert_eq!(fs::read_dir(at.tmp.path()).unwrap().count(), 0, "{variant}: {locks:?}");
            let left: Vec<_> = objects.iter().flatten().filter(|name| is_there(name)).collect();
            assert!(left.is_empty(), "{variant} after {signal}: {left:?} of {objects:?}");
        }
    }
}

/// Ctrl-C at the floor takes effect soon, whether the peers receive it or not, and the measurements are saved.
#[test]
fn what_was_measured_before_ctrl_c_at_the_floor_is_saved() {
    for all in [true, false] {
        let at = AtTheFloor::start("pipe", "anonymous", "block", MANY);
        let signalled = Instant::now();
        if all {
            at.harness.signal_all(ctrl_c());
        } else {
            at.harness.signal(ctrl_c());
        }
        let output = at.harness.output();
        let took = signalled.elapsed();
        assert!(took < Duration::from_secs(10), "{took:?}"); // a second, on a busy machine
        let document: Value = serde_json::from_str(&output.stdout).expect("a document all the same");
        assert_eq!((&document["complete"], &document["failed"]), (&false.into(), &Value::Array(vec![])));
        assert_eq!(document["results"][0]["count"], MANY);
        assert_eq!(fs::read_dir(at.tmp.path()).unwrap().count(), 0, "{:?}", locks(at.tmp.path()));
    }
}

/// A peer that is killed while it plays by bare calls fails its row; the harness does not wait for it indefinitely,
/// though no bare call reports its death. The suite's own figures are kept.
fn a_dead_peer_is_noticed(name: &str, way: &str, count: u64) {
    let member = ipc_bench::results::registry::member(name).unwrap();
    let variant = member.variants().next().expect("each has one").name;
    let at = AtTheFloor::start(name, variant, way, count);
    for peer in &at.peers {
        kill(Pid::from_raw(peer.parse().unwrap()), Signal::SIGKILL).expect("it runs");
    }
    let Output { status, stdout, stderr, .. } = at.harness.output();
    assert_eq!(status, Some(1), "{name} {way}: {stderr}");
    assert!(stderr.contains("beside its floor: the peer is gone"), "{name} {way}: {stderr}");
    let document: Value = serde_json::from_str(&stdout).expect("a document all the same");
    let rows = document["results"].as_array().unwrap();
    assert_eq!(rows[0]["implementation"], "suite");
    assert_eq!((&rows[0]["floor_ratio"], &rows[0]["count"]), (&Value::Null, &count.into()));
    assert_eq!(fs::read_dir(at.tmp.path()).unwrap().count(), 0, "{name}: {:?}", locks(at.tmp.path()));
}

#[test]
fn a_dead_peer_at_the_floor_is_noticed() {
    // All at once: each waits most of the time.
    thread::scope(|scope| {
        for member in ipc_bench::results::registry::SIX.iter() {
            scope.spawn(|| a_dead_peer_is_noticed(member.profile.name, "block", SOME));
        }
    });
}

/// Neither a poller nor a sleeper learns from a bare call that its peer is gone: one case for each medium.
#[test]
fn a_dead_peer_at_the_floor_is_noticed_by_who_polls_a_pipe() {
    a_dead_peer_is_noticed("pipe", "spin", FEW);
}

#[test]
fn a_dead_peer_at_the_floor_is_noticed_by_who_polls_memory() {
    a_dead_peer_is_noticed("shm", "spin", FEW);
}
