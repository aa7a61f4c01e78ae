//! Small results with invented numbers, so that a test knows the expected outcome.
#![allow(dead_code, clippy::unnecessary_wraps)] // each test uses some of it

use std::path::PathBuf;

use ipc_bench::results::case::{Case, Kind, Placement};
use ipc_bench::results::cost::{Cost, Costs};
use ipc_bench::results::document::Document;
use ipc_bench::results::environment::Environment;
use ipc_bench::results::latency::Latency;
use ipc_bench::results::registry::member;
use ipc_bench::results::row::{Rounds, Row};
use ipc_core::Wait;
use ipc_demo::cpus::Cpus;
use ipc_demo::exchange;
use tempfile::TempDir;

/// Noise around 1, the same in each run: eight rounds within ± 2 %.
pub const NOISE: [f64; 8] = [1.003, 0.986, 1.018, 0.995, 1.009, 0.982, 1.012, 0.991];

/// The same noise in another order.
pub const OTHER_NOISE: [f64; 8] = [0.989, 1.011, 0.997, 1.02, 0.981, 1.004, 0.993, 1.008];

/// Returns a case on two CPUs.
pub fn case(mechanism: &str, variant: &'static str, kind: Kind, wait: Wait) -> Case {
    let member = member(mechanism).unwrap();
    assert!(member.variants().any(|one| one.name == variant), "{mechanism} has no {variant}");
    let placement = Placement { cpus: Cpus::Split, ping: 0, pong: 1 };
    Case::of(member, variant, kind, 64, wait, placement)
}

/// Returns a row whose rounds scatter around `ns`.
pub fn row(case: &Case, ns: f64, noise: [f64; 8]) -> Row {
    let values = noise.map(|factor| ns * factor);
    let mut row = Row { count: 8000, rounds: Some(Rounds::of(1000, &values)), ..Row::empty(case) };
    let mut times = exchange::histogram();
    for value in values {
        times.record_n(value as u64, 1000).unwrap();
    }
    match case.kind {
        Kind::RoundTrip | Kind::OpenLoop => {
            row.rtt_ns = Latency::of(&times, Some([ns * 0.99, ns * 1.01]));
            row.batch = Some(1);
        }
        Kind::Stream => row.one_way_ns = Latency::of(&times, Some([ns * 0.99, ns * 1.01])),
        Kind::Throughput | Kind::Clients => {
            row.messages_per_s = Some(1e9 / ns);
            row.bytes_per_s = Some(64e9 / ns);
        }
    }
    row
}

/// Returns the times `unit`, 2 `unit`, … 10,000 `unit` in nanoseconds: all their percentiles are known, and no two are
/// equal. The mean is just set, to a value that differs from all of them.
pub fn ten_thousand(unit: u64) -> Latency {
    let mut times = exchange::histogram();
    (1..=10_000).for_each(|nth| times.record(nth * unit).unwrap());
    let mean = 4000.0 * unit as f64;
    Latency { mean, ..Latency::of(&times, Some([mean * 0.9, mean * 1.2])).unwrap() }
}

/// Returns that much CPU time, in nanoseconds, on each side.
pub fn costs(ns: f64) -> Costs {
    let side =
        Cost { user_ns: ns / 4.0, system_ns: ns * 3.0 / 4.0, voluntary_switches: 1.0, ..Cost::default() };
    Costs { ping: side, pong: side }
}

/// Returns costs of which no two are equal.
pub fn different_costs() -> Costs {
    let side = |by: f64| Cost {
        user_ns: 1100.0 * by,
        system_ns: 1200.0 * by,
        voluntary_switches: 1.3 * by,
        involuntary_switches: 0.14 * by,
        minor_faults: 0.015 * by,
        major_faults: 0.0016 * by,
        syscalls: Some(1.7 * by),
    };
    Costs { ping: side(1.0), pong: side(2.0) }
}

/// Returns a finished run, on a machine that does not exist.
pub fn document(results: Vec<Row>) -> Document {
    let environment = Environment {
        timestamp: "2026-01-02T03:04:05Z".into(),
        command_line: "ipc-bench run, invented".into(),
        crate_version: "0.1.0".into(),
        rustc: Some("rustc 1.95.0".into()),
        commit: Some("0123456789ab".into()),
        debug_build: false,
        cpu_model: Some("Invented CPU".into()),
        cpus_online: Some("0-1".into()),
        virtualised: Some(false),
        kernel: Some("Linux 6.1".into()),
        load_average: Some(0.5),
        page_size: Some(4096),
        msgmax: Some(8192),
        msgmnb: Some(16384),
        ..nothing_known()
    };
    Document {
        complete: true,
        profile: "quick".into(),
        took_s: 12.5,
        clock_cost_ns: 20.0,
        environment,
        results,
        ..Document::empty()
    }
}

/// Returns the environment of a machine that reports nothing.
fn nothing_known() -> Environment {
    let mut known = serde_json::to_value(Environment::read()).unwrap();
    let always = ["timestamp", "command_line", "crate_version", "debug_build"];
    for (name, value) in known.as_object_mut().unwrap() {
        if !always.contains(&name.as_str()) {
            *value = serde_json::Value::Null;
        }
    }
    serde_json::from_value(known).unwrap()
}

/// A directory with the document in it, as `--output` leaves it.
pub struct Saved {
    pub dir: TempDir,
}

impl Saved {
    pub fn of(document: &Document) -> Self {
        let dir = tempfile::tempdir().unwrap();
        ipc_bench::results::output::Output::create(dir.path()).unwrap().save(document).unwrap();
        Self { dir }
    }

    pub fn path(&self) -> String {
        self.dir.path().to_str().unwrap().to_owned()
    }

    pub fn file(&self) -> PathBuf {
        self.dir.path().join("results.json")
    }
}
