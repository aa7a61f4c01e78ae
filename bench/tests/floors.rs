//! Tests of each row beside its floor, the same exchange by bare calls: the rows that have one, and the figures shown.

mod common;

use std::sync::{Mutex, PoisonError};

use common::{ROW, bench, keys, run};
use ipc_conformance::Allowance;
use serde_json::Value;

/// Two harnesses that poll at the same time would take each other's cores.
static TURN: Mutex<()> = Mutex::new(());

fn json(args: &[&str]) -> Value {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let output = run(bench().args(["--floor", "--json", "--quiet"]).args(args));
    assert_eq!((output.status, output.stderr.as_str()), (Some(0), ""), "{args:?}");
    serde_json::from_str(&output.stdout).expect("one JSON document and nothing else")
}

/// Checks that three numbers are in order, and have possible values.
fn check_quartiles(quartiles: &Value) {
    assert_eq!(keys(quartiles), ["median", "p25", "p75"]);
    let all = ["p25", "median", "p75"].map(|name| quartiles[name].as_f64().expect("a number"));
    assert!(all.is_sorted() && all[0] > 0.0 && all[2].is_finite(), "{quartiles}");
}

fn check_ratio(row: &Value, name: &str) {
    let ratio = row[name].as_f64().unwrap_or_else(|| panic!("no {name} in {row}"));
    let spread = [0, 1].map(|at| row[format!("{name}_spread")][at].as_f64().expect("a number"));
    assert!(0.0 < spread[0] && spread[0] <= ratio && ratio <= spread[1] && spread[1].is_finite(), "{row}");
}

/// Every mechanism, in every variant, has a floor in both kinds; the floor's row comes after the suite's and states the
/// same ratio from its side.
fn every_row_has_its_floor(cpus: &str, wait: &str) {
    if cpus == "split" && std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        return ipc_conformance::skipped("only one CPU may be used here");
    }
    let _queues = Allowance::wait_for(1);
    let args = ["--size", "64", "--count", "20", "--cpus", cpus, "--wait", wait];
    let document = json(&args);
    let rows = document["results"].as_array().unwrap();
    let of_suite: Vec<_> = (0..rows.len()).filter(|&at| rows[at]["implementation"] == "suite").collect();
    let variants: usize =
        ipc_bench::results::registry::SIX.iter().map(|member| member.variants().count()).sum();
    assert_eq!(of_suite.len(), variants * 2, "{cpus} {wait}");
    for at in of_suite {
        let (row, floor) = (&rows[at], &rows[at + 1]);
        for row in [row, floor] {
            assert_eq!(keys(row), ROW);
        }
        for rounds in [&row["beside_floor"], &floor["rounds"]] {
            assert_eq!(
                keys(rounds),
                ["agree", "count", "cpu", "messages", "ns", "one_way", "p99", "spread", "values"]
            );
            assert!(rounds["count"].as_u64().unwrap() >= 11, "{row}");
            assert_eq!(rounds["messages"], 20);
            check_quartiles(&rounds["ns"]);
        }
        assert_eq!(floor["implementation"], "floor");
        for name in ["mechanism", "variant", "kind", "size", "wait", "cpus", "ping_cpu", "pong_cpu"] {
            assert_eq!(row[name], floor[name], "{name}");
        }
        check_ratio(row, "floor_ratio");
        assert_eq!(row["floor_ratio"], floor["suite_ratio"]);
        assert_eq!((&floor["rtt_ns"], &floor["floor_ratio"]), (&Value::Null, &Value::Null));
    }
    for other in rows.iter().filter(|row| row["implementation"] != "suite") {
        check_ratio(other, "suite_ratio");
    }
    check_limits(&document["limits"], cpus == "split");
    assert_eq!(document["growth"], Value::Array(Vec::new()), "there is one size");
}

#[test]
fn every_row_that_sleeps_has_its_floor() {
    every_row_has_its_floor("split", "block");
}

#[test]
fn every_row_that_polls_has_its_floor() {
    every_row_has_its_floor("split", "spin");
}

#[test]
fn every_row_that_polls_for_a_moment_has_its_floor() {
    every_row_has_its_floor("split", "hybrid");
}

/// On one core, polling has to yield to the other side; the rest is as between two cores.
#[test]
fn every_row_that_polls_on_one_core_has_its_floor() {
    every_row_has_its_floor("same", "spin");
}

fn check_limits(limits: &Value, two_cores: bool) {
    assert_eq!(keys(limits), ["handover_ns", "memcpy"]);
    if two_cores {
        check_quartiles(&limits["handover_ns"]);
    } else {
        assert_eq!(limits["handover_ns"], Value::Null);
    }
    let copying = limits["memcpy"].as_array().unwrap();
    assert_eq!(copying.len(), 2);
    for copying in copying {
        assert_eq!(keys(copying), ["buffer", "bytes_per_s", "in_cache"]);
        check_quartiles(&copying["bytes_per_s"]);
    }
}

/// The floor of a stream of bytes is the best of several: whole messages, or pieces; and growth is shown from size to
/// size.
#[test]
fn pieces_and_growth() {
    let args = [
        "--mechanism",
        "pipe",
        "--mechanism",
        "socket",
        "--variant",
        "anonymous",
        "--variant",
        "unix-stream",
        "--size",
        "16K",
        "--size",
        "64K",
        "--count",
        "20",
        "--wait",
        "block",
    ];
    let document = json(&args);
    let rows = document["results"].as_array().unwrap();
    for row in rows.iter().filter(|row| !row["piece"].is_null()) {
        assert_eq!((&row["implementation"], &row["kind"]), (&"floor".into(), &"throughput".into()));
        assert!(row["variant"] == "anonymous" || row["variant"] == "unix-stream", "{row}");
        assert!(row["piece"].as_u64() < row["size"].as_u64(), "{row}");
    }
    let floors = rows.iter().filter(|row| row["implementation"] == "floor").count();
    assert_eq!(floors * 2, rows.len(), "one floor for each row");
    let growth = document["growth"].as_array().unwrap();
    assert_eq!(growth.len(), 2 * 2, "from one size to the other, for two variants and two kinds");
    for step in growth {
        assert_eq!(
            keys(step),
            [
                "cpus",
                "floor",
                "flush_every",
                "from",
                "kind",
                "mechanism",
                "ratio",
                "suite",
                "to",
                "variant",
                "wait"
            ]
        );
        assert_eq!((&step["from"], &step["to"]), (&16384.into(), &65536.into()));
        let [suite, floor, ratio] = ["suite", "floor", "ratio"].map(|name| step[name].as_f64().unwrap());
        assert!(suite > 0.0 && floor > 0.0 && (suite / floor / ratio - 1.0).abs() < 1e-9, "{step}");
    }
}

/// Messages that leave together are beside bare calls that gather them in blocks; through a ring, beside the ring written and
/// read in place, which gathers as well.
#[test]
fn batches_are_beside_what_gathers_too() {
    let args = ["--kind", "throughput", "--size", "64", "--variant", "anonymous,memfd"];
    let document = json(&[&args[..], &["--batch", "200", "--count", "1000", "--wait", "block"]].concat());
    let rows = document["results"].as_array().unwrap();
    let who: Vec<_> = rows.iter().map(|row| [&row["mechanism"], &row["implementation"]]).collect();
    assert_eq!(who, [["pipe", "suite"], ["pipe", "floor"], ["mmap", "suite"], ["mmap", "in_place"]]);
    assert!(rows.iter().all(|row| row["flush_every"] == 200), "{document}");
    assert!([4096, 6144, 12_800].contains(&rows[1]["piece"].as_u64().unwrap()), "{}", rows[1]);
    check_ratio(&rows[0], "floor_ratio");
    check_ratio(&rows[3], "suite_ratio");
    assert_eq!((&rows[2]["floor_ratio"], rows[2]["beside_floor"].is_object()), (&Value::Null, true));
}

/// The tables show the floors, with their units, and the limits.
#[test]
fn the_tables_show_the_floors() {
    let args =
        ["--floor", "--mechanism", "pipe", "--size", "64", "--size", "4K", "--count", "20", "--cpus", "same"];
    let output = run(bench().args(args).arg("--verbose"));
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    let expected = [
        "Round trip, 64 bytes, wait block, cpus same",
        "beside its floor, in rounds that take turns: microseconds a round trip",
        "beside its floor, in rounds that take turns: microseconds a message",
        "floor_ratio",
        "Growth, round trip, wait block, cpus same",
        "core to core, one cache line, one way: not measured: both processes run on one core",
        "memcpy in the cache, 64 KiB at once: ",
        "1 GB = 1,000,000,000 bytes",
        "one reading of the clock: ",
    ];
    for text in expected {
        assert!(output.stdout.contains(text), "{text}: {}", output.stdout);
    }
}
