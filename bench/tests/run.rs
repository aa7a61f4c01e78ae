//! A run: what is saved, what is checked, what stands beside a row.

#[allow(dead_code)] // shared with the other tests
mod common;

use common::{bench, run};
use serde_json::Value;

/// A few messages through one mechanism, blocking, as JSON.
fn measured(more: &[&str]) -> Value {
    let args = ["run", "--size", "64", "--wait", "block", "--format", "json"];
    let output = run(bench().args(args).args(more));
    assert_eq!(output.status, Some(0), "{more:?}: {}", output.stderr);
    serde_json::from_str(&output.stdout).expect("one JSON document")
}

fn rows(document: &Value) -> &[Value] {
    document["results"].as_array().expect("a list")
}

/// What is printed and what is saved are the same document, and it can be read back.
#[test]
fn what_is_saved_is_what_is_printed() {
    let dir = tempfile::TempDir::new().unwrap();
    let output = dir.path().join("new/results");
    let printed = measured(&["--mechanism", "pipe", "--count", "20", "--output", output.to_str().unwrap()]);
    let saved = ipc_bench::output::load(&output).unwrap();
    assert_eq!(serde_json::to_value(&saved).unwrap(), printed);
    assert_eq!(std::fs::read_dir(&output).unwrap().count(), 1, "nothing else is left");
    let times = saved.results[0].rtt_ns.as_ref().unwrap().times().unwrap();
    assert_eq!((times.len(), Some(times.max())), (20, printed["results"][0]["rtt_ns"]["max"].as_u64()));
}

/// A directory that cannot be written to is found out before anything is measured.
#[test]
fn an_impossible_output_is_refused_before_the_measuring() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().join("results");
    let hours = "1000000000";
    let output = run(bench().args(["--count", hours, "--output", path.to_str().unwrap()]));
    assert_eq!((output.status, output.stdout.as_str()), (Some(1), ""));
    assert!(output.stderr.contains("mkdir"), "{}", output.stderr);
}

/// `--verify` checks in a pass of its own and says how many messages that were.
#[test]
fn every_message_can_be_checked() {
    let document = measured(&["--mechanism", "mmap", "--count", "30", "--verify"]);
    let verified = document["verified"].as_array().unwrap();
    assert_eq!(verified.len(), rows(&document).len());
    for one in verified {
        assert!(one["messages"].as_u64().unwrap() >= 30 && one["error"].is_null(), "{one}");
    }
    assert_eq!(measured(&["--mechanism", "mmap", "--count", "3"])["verified"], Value::Null);
}

/// A floor stands beside each row, and the ratio belongs to the row.
#[test]
fn a_floor_stands_beside_its_row() {
    let document = measured(&["--mechanism", "pipe", "--count", "30", "--floor"]);
    let whose: Vec<_> = rows(&document).iter().map(|row| row["implementation"].as_str().unwrap()).collect();
    assert_eq!(whose, ["suite", "floor", "suite", "floor"]);
    for row in rows(&document) {
        let ours = row["implementation"] == "suite";
        assert_eq!((row["floor_ratio"].is_number(), row["beside_floor"].is_object()), (ours, ours), "{row}");
    }
}

/// An open loop has both times, from the moment that was meant and from the real start; and the closed loop beside it.
#[test]
fn an_open_loop_has_both_times() {
    let document = measured(&["--mechanism", "pipe", "--rate", "2000", "--count", "100"]);
    let kinds: Vec<_> = rows(&document).iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["round_trip", "open_loop"]);
    let row = &rows(&document)[1];
    assert_eq!((&row["rate_per_s"], &row["count"]), (&2000.into(), &100.into()));
    for figure in ["min", "p50", "max", "mean"] {
        let time = |kind: &str| row[kind][figure].as_f64().unwrap();
        assert!(time("rtt_ns") >= time("service_ns") && time("service_ns") > 0.0, "{figure}: {row}");
    }
}

/// System calls are counted on both sides where both block; what polls is not counted, and the document says so.
#[test]
fn system_calls_are_counted_where_both_sides_block() {
    let args =
        ["run", "--mechanism", "pipe", "--mechanism", "msgq", "--size", "64", "--count", "10", "--json"];
    let output = run(bench().args(args).args(["--wait", "block", "--wait", "spin"]));
    let document: Value = serde_json::from_str(&output.stdout).expect("one JSON document");
    let notes = document["notes"].to_string();
    if notes.contains("forbids to trace") {
        eprintln!("SKIPPED: this system forbids to trace a child");
        return;
    }
    assert!(notes.contains("counting slows polling down"), "{notes}");
    for row in rows(&document) {
        let calls = |side: &str| row["cost"][side]["syscalls"].as_f64();
        match (row["wait"].as_str(), row["kind"].as_str()) {
            (Some("spin"), _) => assert_eq!((calls("ping"), calls("pong")), (None, None)),
            // One to send, one to receive; a signal may repeat one.
            (_, Some("round_trip")) => {
                let [ping, pong] = ["ping", "pong"].map(|side| calls(side).expect("counted"));
                assert!((2.0..2.2).contains(&ping) && (2.0..2.2).contains(&pong), "{row}");
            }
            _ => assert!(calls("ping").expect("counted") >= 1.0, "{row}"),
        }
    }
}
