//! Tests of the published schema of `results.json`: real results conform to it, and other documents are refused.

mod common;
mod invented;

use std::path::Path;

use common::{bench, run};
use invented::{NOISE, case, costs, document, row};
use ipc_bench::results::case::Kind;
use ipc_bench::results::document::{Document, NotMeasured, SCHEMA_VERSION, Verified};
use ipc_bench::results::environment::Idle;
use ipc_bench::results::environment::handover::{Handover, Share};
use ipc_bench::results::fairness::Fairness;
use ipc_bench::results::growth::Growth;
use ipc_bench::results::limits::{Copying, MachineLimits};
use ipc_bench::results::pacing::Pacing;
use ipc_bench::results::quartiles::Quartiles;
use ipc_conformance::json_schema as validator;
use ipc_core::Wait;
use serde_json::Value;

fn schema() -> Value {
    let name = format!("../docs/src/schema/results-{SCHEMA_VERSION}.json");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    serde_json::from_str(&std::fs::read_to_string(path).expect("each version has its schema")).unwrap()
}

/// Returns the errors of a document, each with its place.
fn wrong(document: &Value) -> Vec<String> {
    validator::wrong(&schema(), document)
}

/// Returns a document in which nothing is null that need not be.
fn everything() -> Document {
    let case = case("pipe", "anonymous", Kind::RoundTrip, Wait::Block);
    let mut one = row(&case, 5e4, NOISE);
    one.at_limit = true;
    one.service_ns.clone_from(&one.rtt_ns);
    one.one_way_ns.clone_from(&one.rtt_ns);
    one.beside_floor.clone_from(&one.rounds);
    one.cost = Some(costs(2e4));
    one.fairness = Some(Fairness { min: 1, median: 2, max: 3, index: 0.97 });
    (one.messages_per_s, one.bytes_per_s, one.energy_nj) = (Some(1.0), Some(64.0), Some(5.0));
    (one.rate_per_s, one.piece) = (Some(10), Some(64));
    one.pacing = Some(Pacing { achieved_per_s: 9.5, kept_up: false, late: 3 });
    (one.floor_ratio, one.floor_ratio_spread) = (Some(1.5), Some([1.4, 1.6]));
    (one.suite_ratio, one.suite_ratio_spread) = (Some(1.5), Some([1.4, 1.6]));
    let middle = Quartiles { p25: 80.0, median: 90.0, p75: 100.0 };
    let copying = Copying { in_cache: true, buffer: 65536, bytes_per_s: middle };
    let growth = Growth {
        mechanism: "pipe".into(),
        variant: "anonymous".into(),
        kind: Kind::RoundTrip,
        wait: "block".into(),
        cpus: "split".into(),
        flush_every: 1,
        from: 64,
        to: 4096,
        suite: 1.2,
        floor: 1.1,
        ratio: 1.2 / 1.1,
    };
    let mut none = document(Vec::new());
    none.environment.handovers =
        Some(vec![Handover { cpus: [0, 1], share: Share::Cache, round_trip_ns: middle }]);
    none.environment.idle = Some(Idle {
        driver: Some("haltpoll".into()),
        governor: Some("menu".into()),
        guest_halt_poll_ns: Some(0),
    });
    Document {
        disturbances: Some(vec!["other load".into()]),
        limits: Some(MachineLimits { handover_ns: Some(middle), memcpy: vec![copying] }),
        growth: vec![growth],
        notes: vec!["a note".into()],
        verified: Some(vec![Verified {
            mechanism: "pipe".into(),
            variant: "anonymous".into(),
            kind: Kind::RoundTrip,
            size: 64,
            wait: "block".into(),
            cpus: "split".into(),
            messages: 10,
            error: None,
        }]),
        results: vec![one],
        skipped: vec![NotMeasured::new(&case, "too long".into())],
        failed: vec![NotMeasured::new(&case, "no".into())],
        ..none
    }
}

/// The schema is itself valid, and of this version.
#[test]
fn the_schema_is_a_schema() {
    assert_eq!(validator::wrong_schema(&schema()), [""; 0]);
    assert_eq!(schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema()["properties"]["schema_version"]["const"], SCHEMA_VERSION);
}

/// The saved results of a run conform to the schema: both kinds, an open loop, a floor, checked messages, a skipped
/// case. The printed document is the same.
#[test]
fn a_real_run_keeps_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let one = ["--wait", "block", "--cpus", "same", "--size", "64", "--mechanism"];
    let runs: [(&[&str], i32, usize); 3] = [
        (&["mmap", "--variant", "file", "--count", "50", "--verify", "--floor"], 0, 6),
        (&["fifo", "--rate", "2000", "--count", "50", "--kind", "round-trip,open-loop,stream"], 0, 3),
        (&["msgq", "--variant", "sysv", "--size", "1M", "--kind", "throughput"], 0, 1),
    ];
    for (args, status, rows) in runs {
        let mut command = bench();
        command.args(["run", "--format", "json", "--output"]).arg(dir.path()).args(one).args(args);
        let output = run(&mut command);
        assert_eq!(output.status, Some(status), "{}", output.stderr);
        let saved = std::fs::read_to_string(dir.path().join("results.json")).unwrap();
        let document: Value = serde_json::from_str(&saved).unwrap();
        assert_eq!(wrong(&document), [""; 0], "{args:?}");
        assert_eq!(serde_json::from_str::<Value>(&output.stdout).unwrap(), document);
        assert_eq!(document["results"].as_array().unwrap().len(), rows, "{document}");
    }
}

/// So does a document with all fields: no field is missing in the schema, and none in the document.
#[test]
fn everything_that_can_be_there_keeps_to_it() {
    let document = serde_json::to_value(everything()).unwrap();
    assert_eq!(wrong(&document), [""; 0]);
}

/// Reads a place in a document.
fn at<'a>(document: &'a mut Value, path: &str) -> &'a mut Value {
    document.pointer_mut(path).unwrap_or_else(|| panic!("no {path}"))
}

/// A document with one error is refused, and the place named.
#[test]
fn a_broken_document_is_refused() {
    type Spoil = fn(&mut Value);
    let good = serde_json::to_value(everything()).unwrap();
    let cases: [(Spoil, &str); 10] = [
        (|document| *at(document, "/schema_version") = 2.into(), "/schema_version: "),
        (
            |document| drop(document.as_object_mut().unwrap().remove("complete")),
            "required and not there: complete",
        ),
        (|document| at(document, "/results/0")["speed"] = 1.into(), "/results/0/speed: "),
        (|document| *at(document, "/results/0/floor_ratio_spread") = serde_json::json!([1]), "fewer than 2"),
        (|document| *at(document, "/results/0/kind") = "latency".into(), "/results/0/kind: "),
        (|document| *at(document, "/results/0/size") = (-1).into(), "/results/0/size: "),
        (|document| *at(document, "/results/0/rounds/values/0") = "fast".into(), "/results/0/rounds"),
        (|document| *at(document, "/results/0/rtt_ns") = 7.into(), "/results/0/rtt_ns: "),
        (|document| *at(document, "/environment/debug_build") = Value::Null, "/environment/debug_build: "),
        (|document| *at(document, "/environment/timestamp") = "yesterday".into(), "/environment/timestamp: "),
    ];
    for (spoil, place) in cases {
        let mut document = good.clone();
        spoil(&mut document);
        let wrong = wrong(&document);
        assert!(wrong.iter().any(|error| error.contains(place)), "{place}: {wrong:?}");
    }
}

/// Collects every place of a document, from the outermost to the innermost.
fn places(value: &Value, place: &str, all: &mut Vec<String>) {
    all.push(place.to_owned());
    let mut inside = |name: &str, value| places(value, &format!("{place}/{name}"), all);
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| inside(name, value)),
        Value::Array(items) => items.iter().take(1).for_each(|value| inside("0", value)),
        _ => {}
    }
}

/// The schema covers every place of a document: at each of them an unknown field is refused, and each removed field is
/// missed.
#[test]
fn nothing_is_left_to_chance() {
    let good = serde_json::to_value(everything()).unwrap();
    let mut all = Vec::new();
    places(&good, "", &mut all);
    assert!(all.len() > 100, "{all:?}");
    for place in all {
        let mut strange = good.clone();
        *at(&mut strange, &place) = serde_json::json!({ "strange": [] });
        // The names here are free: the kernel's names of a machine's vulnerabilities.
        if place != "/environment/mitigations" {
            assert!(!wrong(&strange).is_empty(), "{place} may be anything");
        }
        let Some((parent, name)) = place.rsplit_once('/') else { continue };
        let mut poorer = good.clone();
        if let Some(fields) = at(&mut poorer, parent).as_object_mut() {
            fields.remove(name);
            assert!(!wrong(&poorer).is_empty(), "its absence goes unnoticed: {place}");
        }
    }
}
