//! Tests of many clients of one server: real servers, real clients, and their abnormal termination.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use common::{Output, Running, bench, children, run, switches, until, words};
use ipc_bench::results::case::ClientsRun;
use ipc_bench::results::document::Document;
use ipc_bench::results::latency::Latency;
use ipc_bench::results::row::Row;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// The variants that serve many clients.
const WAYS: [(&str, &str); 5] = [
    ("fifo", "fifo"),
    ("msgq", "sysv"),
    ("socket", "unix-stream"),
    ("socket", "unix-seqpacket"),
    ("socket", "tcp"),
];

fn document(command: &mut Command, status: i32) -> Document {
    let output = run(command.arg("--json"));
    assert_eq!(output.status, Some(status), "{}", output.stderr);
    serde_json::from_str(&output.stdout).expect("one JSON document")
}

fn row<'a>(document: &'a Document, way: (&str, &str), clients: usize) -> &'a Row {
    let is_it = |row: &&Row| (&*row.mechanism, &*row.variant, row.clients) == (way.0, way.1, clients);
    document.results.iter().find(is_it).expect("it was measured")
}

/// The figures in a row are consistent, for each variant; with one client, and with nine, which do not divide evenly
/// among four processes. A hundred are in the test of the descriptors.
#[test]
fn one_and_nine_clients_are_served_in_every_way() {
    let tmp = TempDir::new().unwrap();
    let mut command = bench();
    command.args(["--clients", "1,9", "--duration", "0.15", "--verify"]).env("TMPDIR", tmp.path());
    let document = document(&mut command, 0);
    assert_eq!(document.results.len(), 2 * WAYS.len());
    for clients in [1, 9] {
        for way in WAYS {
            let row = row(&document, way, clients);
            let fairness = row.fairness.expect("of clients");
            let (fewest, most) = (fairness.min * clients as u64, fairness.max * clients as u64);
            assert!(row.count > 0 && (fewest..=most).contains(&row.count), "{row:?}");
            assert!(fairness.min <= fairness.median && fairness.median <= fairness.max, "{row:?}");
            assert!((1.0 / clients as f64..=1.0 + 1e-9).contains(&fairness.index), "{row:?}");
            let times = row.rtt_ns.as_ref().and_then(Latency::times).expect("a histogram");
            assert_eq!(times.len(), row.count, "one time for each answer: {row:?}");
            let seconds = row.count as f64 / row.messages_per_s.expect("a rate");
            assert!((seconds - 0.15).abs() < 1e-3, "{seconds} s of the window: {row:?}");
            assert_eq!(row.client_processes, Some(clients.min(4)));
            assert_eq!(row.clients_run, Some(ClientsRun::Threads));
            assert!(row.rounds.as_ref().is_some_and(|rounds| (1..=6).contains(&rounds.count)), "{row:?}");
            let cost = row.cost.expect("a cost");
            assert!(cost.ping.cpu_ns() > 0.0 && cost.pong.cpu_ns() > 0.0, "{row:?}");
            if clients == 1 {
                assert_eq!([fairness.min, fairness.median, fairness.max], [row.count; 3]);
                assert!((fairness.index - 1.0).abs() < 1e-12, "{row:?}");
            }
        }
    }
    let verified = document.verified.expect("asked for");
    assert_eq!(verified.len(), document.results.len());
    assert!(verified.iter().all(|one| one.messages > 0 && one.error.is_none()), "{verified:?}");
    // Every other variant of the six, with the reason.
    assert_eq!(document.skipped.len(), 7, "{:?}", document.skipped);
    assert!(document.failed.is_empty());
    assert_eq!(fs::read_dir(tmp.path()).unwrap().count(), 0, "nothing is left");
}

/// The two ways of running clients are rows of their own. A few hundred clients of a process are more than a queue has
/// room for, and more than may be under way.
#[test]
fn clients_are_run_in_two_ways() {
    let mut command = bench();
    command.args([
        "--clients",
        "3",
        "--clients-run",
        "threads,multiplexed",
        "--duration",
        "0.05",
        "--verify",
    ]);
    let document = document(&mut command, 0);
    for way in WAYS {
        let of_way = document.results.iter().filter(|row| (&*row.mechanism, &*row.variant) == way);
        let runs: Vec<_> = of_way.map(|row| row.clients_run.expect("of clients").name()).collect();
        assert_eq!(runs, ["threads", "multiplexed"], "{way:?}");
    }
    assert!(document.verified.unwrap().iter().all(|one| one.error.is_none()));
    // On a loaded machine it may take a while until each of the clients has had its turn.
    let each_has_its_turn = ["0.2", "2", "10"].into_iter().any(|duration| {
        let mut many = bench();
        many.args(["--mechanism", "msgq", "--clients", "300", "--clients-run", "multiplexed"]);
        let document = self::document(many.args(["--size", "512", "--verify", "--duration", duration]), 0);
        assert!(document.verified.as_ref().unwrap().iter().all(|one| one.error.is_none()));
        row(&document, ("msgq", "sysv"), 300).fairness.as_ref().expect("of clients").min > 0
    });
    assert!(each_has_its_turn, "a client was not served in 10 s");
}

/// Long messages arrive in pieces on a stream, and are skipped where they do not fit.
#[test]
fn long_requests_are_served_or_skipped() {
    let mut command = bench();
    command.args(["--clients", "3", "--duration", "0.05", "--size", "64K", "--size", "4092", "--verify"]);
    let document = document(&mut command, 0);
    let sizes = |mechanism: &str, variant: &str| {
        let rows = document.results.iter();
        rows.filter(|row| (&*row.mechanism, &*row.variant) == (mechanism, variant))
            .map(|row| row.size)
            .collect::<Vec<_>>()
    };
    for variant in ["unix-stream", "unix-seqpacket", "tcp"] {
        assert_eq!(sizes("socket", variant), [64 << 10, 4092], "{variant}");
    }
    assert_eq!(sizes("fifo", "fifo"), [4092], "the longest that goes whole, with its header");
    let skipped = document.skipped.iter().find(|skipped| skipped.mechanism == "fifo").expect("too long");
    assert!(skipped.reason.contains("4092 bytes at most"), "{}", skipped.reason);
    assert!(document.verified.unwrap().iter().all(|one| one.error.is_none()));
}

/// Impossible requests are reported in one line, before or beside the figures.
#[test]
fn what_cannot_be_is_said() {
    for (args, said) in [
        (&["--clients", "10", "--wait", "spin"][..], "with --wait block only"),
        (&["--clients", "10", "--count", "100"], "use --duration"),
        (&["--clients", "10", "--kind", "throughput"], "--clients requires --kind clients"),
        (&["--clients-run", "threads", "--kind", "throughput"], "--clients-run requires --kind clients"),
        (&["--clients", "2", "--clients-run", "forks"], "expected threads or multiplexed"),
        (&["--clients", "1,0"], "expected a whole number from 1 to 10000"),
    ] {
        let output = run(bench().args(args));
        assert_eq!(output.status, Some(2), "{args:?}");
        assert!(output.stderr.contains(said), "{args:?}: {}", output.stderr);
    }
}

/// Rows that cannot be measured are skipped beside others, each with its reason.
#[test]
fn a_mechanism_without_many_clients_is_skipped_with_its_reason() {
    let mut command = bench();
    command.args(["--kind", "clients", "--clients", "5", "--duration", "50ms"]);
    let document = document(command.args(["--mechanism", "pipe,msgq,fifo"]), 0);
    let reasons: Vec<_> = document.skipped.iter().map(|skipped| &*skipped.reason).collect();
    for reason in ["no name: no further client can join", "a POSIX queue"] {
        assert!(reasons.iter().any(|told| told.contains(reason)), "{reason}: {reasons:?}");
    }
    assert!(document.results.iter().all(|row| row.mechanism == "msgq" || row.mechanism == "fifo"));
}

/// The limit of descriptors is raised as far as possible; where that is not enough, the row reports it.
#[test]
fn too_many_clients_for_the_descriptors_are_skipped() {
    let limited = |limit: &str| {
        let script = format!("ulimit {limit}; exec \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_ipc-bench"), "--mechanism", "fifo"]);
        command.args(["--clients", "100", "--duration", "0.3"]);
        command.env("XDG_DATA_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("data"));
        command
    };
    let measured = document(&mut limited("-Sn 64"), 0);
    assert_eq!(measured.results.len(), 1, "only the soft limit was low");
    let output = run(&mut limited("-n 64"));
    assert_eq!((output.status, &*output.stdout), (Some(2), ""), "{}", output.stderr);
    assert!(output.stderr.contains("100 clients take 132 descriptors"), "{}", output.stderr);
}

/// Starts a run of several minutes with ten clients, and waits until they are being served.
fn busy((mechanism, variant): (&str, &str), tmp: &Path) -> Running {
    let mut command = bench();
    command.args(["--clients", "10", "--duration", "300", "--mechanism", mechanism, "--variant", variant]);
    command.args(["--output", tmp.join("results").to_str().unwrap(), "--json"]).env("TMPDIR", tmp);
    let busy = Running::start(&mut command);
    until("the server and its clients are there", || children(busy.id()).len() == 5);
    // Ten clients that join, with one request each, make it wait less often than that.
    until("the server serves", || switches(&playing("server", &busy)[0]) > 200);
    busy
}

/// Returns the processes that play this part.
fn playing(part: &str, busy: &Running) -> Vec<String> {
    let mut pids = children(busy.id());
    pids.retain(|pid| words(pid).get(1..3) == Some(&["helper".into(), part.into()]));
    pids
}

/// Held by a check of one variant. Each harness keeps two CPUs busy: with those of all tests at once, none gets far
/// within the time that a test waits.
static TURNS: [Mutex<()>; 2] = [const { Mutex::new(()) }; 2];

/// Runs the check for each variant, for two at a time.
fn in_every_way(check: impl Fn((&str, &str)) + Sync) {
    thread::scope(|scope| {
        for (way, turns) in WAYS.into_iter().zip(TURNS.iter().cycle()) {
            let check = &check;
            let run = move || {
                let _turn = turns.lock().unwrap_or_else(PoisonError::into_inner); // another variant has failed
                check(way);
            };
            thread::Builder::new().name(way.1.into()).spawn_scoped(scope, run).expect("a thread");
        }
    });
}

/// A killed server or client process ends its row with the reason. The others end too, and nothing is left behind.
#[test]
fn a_killed_process_is_noticed_and_nothing_is_left() {
    in_every_way(|way| {
        for (part, said) in [
            ("server", "10 clients (threads), 64 bytes, wait block: the server has ended"),
            ("clients", "10 clients (threads), 64 bytes, wait block: a client process has ended"),
        ] {
            let tmp = TempDir::new().unwrap();
            let busy = busy(way, tmp.path());
            let victim = playing(part, &busy).pop().expect("it is there");
            kill(Pid::from_raw(victim.parse().unwrap()), Signal::SIGKILL).expect("it runs");
            let Output { status, stderr, .. } = busy.output();
            assert_eq!(status, Some(1), "{way:?} {part}: {stderr}");
            assert!(stderr.contains(said) && stderr.contains("signal: 9"), "{way:?} {part}: {stderr}");
            let document =
                ipc_bench::results::output::load(tmp.path().join("results")).expect("saved all the same");
            assert!(document.complete && document.failed.len() == 1, "{:?}", document.failed);
            nothing_is_left(tmp.path(), way);
        }
    });
}

/// Ctrl-C saves the measurements and leaves nothing else, whether all processes get the signal or the harness alone.
/// The first round takes a minute, and is saved up to that point: in turns of half a second, of which the first may
/// take long to begin.
#[test]
fn ctrl_c_saves_what_was_measured() {
    in_every_way(|way| {
        for all in [true, false] {
            let saved = [800, 5_000].into_iter().any(|ms| {
                let tmp = TempDir::new().unwrap();
                let busy = busy(way, tmp.path());
                thread::sleep(Duration::from_millis(ms));
                if all {
                    busy.signal_all(Signal::SIGTERM);
                } else {
                    busy.signal(Signal::SIGTERM);
                }
                let output = busy.output();
                assert_eq!(output.signal, Some(Signal::SIGTERM as i32), "{way:?}: {}", output.stderr);
                let document =
                    ipc_bench::results::output::load(tmp.path().join("results")).expect("saved all the same");
                assert!(!document.complete && document.failed.is_empty(), "{:?}", document.failed);
                nothing_is_left(tmp.path(), way);
                !document.results.is_empty() && row(&document, way, 10).count > 0
            });
            assert!(saved, "{way:?}: nothing was answered");
        }
    });
}

/// A killed harness cannot clean up; the processes end without it, and remove their own objects.
#[test]
fn all_processes_end_with_their_harness() {
    in_every_way(|way| {
        let tmp = TempDir::new().unwrap();
        let busy = busy(way, tmp.path());
        busy.signal(Signal::SIGKILL);
        busy.output();
        nothing_is_left(tmp.path(), way);
    });
}

/// The directory for temporary files is empty, apart from the results.
fn nothing_is_left(tmp: &Path, way: (&str, &str)) {
    let _ = fs::remove_dir_all(tmp.join("results"));
    let left: Vec<_> = fs::read_dir(tmp).unwrap().flatten().map(|entry| entry.path()).collect();
    assert!(left.is_empty(), "{way:?} left {left:?}: {:?}", common::locks(tmp));
}
