//! Tests of the program: real processes, a real server, and two hosts. No speed is asserted.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use beyond_bench::hosts::{HostsResults, WINDOWS, Wire};
use ipc_bench::results::document::{Document, SCHEMA_VERSION};
use ipc_conformance::json_schema;
use ipc_conformance::watchdog::{Killed, over_this_test};
use serde_json::Value;
use tempfile::TempDir;

/// Returns the program, whose temporary files are in `dir`: what a run leaves is seen there.
fn bench(dir: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beyond-bench"));
    command.args(arguments.split_ascii_whitespace()).env("TMPDIR", dir).stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns the output of a run that is to succeed, or `None` if there cannot be two hosts here.
fn played(output: Output) -> Option<Vec<u8>> {
    let said = text(&output.stderr);
    if !output.status.success() && said.contains("a network namespace takes root") {
        ipc_conformance::skipped(said.lines().last().unwrap_or_default());
        return None;
    }
    assert!(output.status.success(), "{said}");
    Some(output.stdout)
}

/// Nothing is left: no store, no certificate, and no process that has this folder in its environment.
fn is_clean(dir: &Path) {
    let processes = || -> Vec<String> {
        let wanted = format!("TMPDIR={}", dir.display());
        let all = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
        let has_it = |path: &Path| {
            fs::read(path.join("environ"))
                .is_ok_and(|bytes| bytes.split(|&byte| byte == 0).any(|is| is == wanted.as_bytes()))
        };
        all.filter(|path| has_it(path))
            .map(|path| fs::read_to_string(path.join("cmdline")).unwrap_or_default())
            .collect()
    };
    let files = || fs::read_dir(dir).unwrap().flatten().map(|entry| entry.file_name()).collect::<Vec<_>>();
    let started = Instant::now();
    while !(processes().is_empty() && files().is_empty()) {
        assert!(started.elapsed() < Duration::from_secs(10), "left: {:?} {:?}", processes(), files());
        thread::sleep(Duration::from_millis(20));
    }
}

fn folders(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten(); // a keeper may remove it meanwhile
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// All take part in all exchanges, or are skipped, and each row says where its processes were.
#[test]
fn rows_keep_to_the_schema_of_the_suite() {
    over_this_test();
    if !testserver::is_there() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let stdout = played(bench(dir.path(), "local --count 50 --wait block --json").output().unwrap()).unwrap();
    let document: Value = serde_json::from_slice(&stdout).unwrap();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("../../docs/src/schema/results-{SCHEMA_VERSION}.json"));
    let schema = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    assert_eq!(json_schema::wrong(&schema, &document), [""; 0]);

    let document: Document = serde_json::from_value(document).unwrap();
    assert_eq!(document.results.len(), 3 * 4, "three exchanges, each by four");
    let served = document.results.iter().filter(|row| row.implementation.starts_with("NATS 2."));
    let names: BTreeSet<_> =
        served.clone().map(|row| row.implementation.rsplit(", ").next().unwrap()).collect();
    assert_eq!(names, BTreeSet::from(["file", "memory"]));
    assert!(
        served.clone().all(|row| row.cpus.ends_with(" and a server on any")),
        "three processes are no `split`"
    );
    assert!(served.clone().all(|row| row.suite_ratio.is_some()), "beside the suite's TCP");
    assert!(
        document.notes.iter().any(|note| note.contains("the server calls fsync")),
        "{:?}",
        document.notes
    );
    is_clean(dir.path());
}

/// A subscriber that takes 20 µs for each message cannot keep up with a flood. Its client drops what it has no room for, and
/// says nothing to the publisher; the row says it.
#[test]
fn a_throughput_of_messages_that_were_lost_is_refused() {
    over_this_test();
    if !testserver::is_there() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let output = bench(dir.path(), "local --count 1 --wait block --flood 20us --json").output().unwrap();
    let document: Document = serde_json::from_slice(&output.stdout).unwrap();
    let [refused] = &document.failed[..] else { panic!("{:?}", document.failed) };
    assert!(refused.implementation.as_ref().unwrap().ends_with("without JetStream"), "{refused}");
    assert!(refused.reason.contains("% lost): no figure for an incomplete transfer"), "{refused}");
    assert!(
        !document.results.iter().any(|row| row.implementation.ends_with("without JetStream")),
        "it has a row"
    );
    let said = text(&output.stderr);
    assert_eq!(said.matches("no figure for an incomplete transfer").count(), 1, "{said}");
    assert_eq!(output.status.code(), Some(1));
    is_clean(dir.path());
}

/// Every mechanism, wire and window has its row, and each says what the wire was made of.
#[test]
fn the_table_of_two_hosts_is_complete() {
    over_this_test();
    if !testserver::is_there() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let output = bench(dir.path(), "hosts --runs 1 --duration 50ms --json").output().unwrap();
    let Some(stdout) = played(output) else { return };
    let results: HostsResults = serde_json::from_slice(&stdout).unwrap();
    assert!(results.complete && results.skipped.is_empty());
    assert_eq!(results.results.len(), Wire::ALL.len() * WINDOWS.len() * 4);
    for row in &results.results {
        assert!(row.messages_per_s > Some(0.0), "{row:?}");
        assert_eq!(row.wire_kind == "a veth pair", row.wire.one_way_delay_ms == 0, "{row:?}");
        if row.wire.one_way_delay_ms > 0 && row.window == 1 {
            assert!(row.messages_per_s <= Some(50.0), "a message waits for its acknowledgement: {row:?}");
        }
    }
    is_clean(dir.path());
}

/// Without `nats-server`, its rows are skipped with the reason, and the others are measured.
#[test]
fn without_a_server_the_others_are_measured() {
    over_this_test();
    let dir = TempDir::new().unwrap();
    let none = |arguments: &str| {
        let mut command = bench(dir.path(), arguments);
        command.env("NATS_SERVER", "/nonexistent/nats-server").output().unwrap()
    };
    let output = none("local --count 20 --wait block --json");
    assert!(
        text(&output.stderr).contains("SKIPPED: all rows of the queue on a server: "),
        "{}",
        text(&output.stderr)
    );
    let document: Document = serde_json::from_slice(&played(output).unwrap()).unwrap();
    assert_eq!((document.results.len(), document.skipped.len()), (6, 6));
    let output = none("hosts --runs 1 --duration 20ms --json");
    let said = text(&output.stderr);
    let Some(stdout) = played(output) else { return };
    assert!(said.contains("SKIPPED: all rows of NATS: "), "{said}");
    let results: HostsResults = serde_json::from_slice(&stdout).unwrap();
    assert_eq!((results.results.len(), results.skipped.len()), (12, 12));
}

/// A run that is killed leaves no server, no store and no helper; what its links have made, the next run removes, as for all
/// programs of the suite.
#[test]
fn nothing_is_left_of_a_run_that_was_killed() {
    over_this_test();
    if !testserver::is_there() {
        return;
    }
    for arguments in ["local --duration 5s", "hosts --duration 5s"] {
        let dir = TempDir::new().unwrap();
        let mut command = bench(dir.path(), arguments);
        let run = Killed(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        thread::sleep(Duration::from_millis(1500)); // in the middle of it
        drop(run);
        played(bench(dir.path(), "local --count 1 --wait block").output().unwrap());
        for folder in folders(dir.path()) {
            // The certificates of the authority stay, which Ctrl-C would remove.
            if folder.join("ca.pem").exists() {
                fs::remove_dir_all(&folder).unwrap();
            }
            // So do notes of streams at the server: nothing but the server could say that they are gone, and it is.
            for note in folders(&folder) {
                assert!(
                    note.file_name().unwrap().to_string_lossy().starts_with("nats-nats"),
                    "{}",
                    note.display()
                );
                fs::remove_dir_all(&note).unwrap();
            }
            let _ = fs::remove_dir(&folder); // it may be gone, or in use, which is seen below
        }
        is_clean(dir.path());
    }
}

#[test]
fn a_wrong_option_is_one_line() {
    let dir = TempDir::new().unwrap();
    for (arguments, expected) in [
        ("local --size 7", "expected 8 to 1048064 bytes"),
        ("hosts --duration 31s", "expected at most 30s"),
        ("local --wait never", "expected"),
    ] {
        let output = bench(dir.path(), arguments).output().unwrap();
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        assert!(said.contains(expected), "{said}");
    }
}
