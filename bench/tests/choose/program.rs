//! The program by invented figures, whose order is known.

use ipc_bench::results::case::Kind;
use ipc_bench::results::document::Document;
use ipc_bench::results::registry;
use ipc_core::Wait;
use serde_json::Value;

use crate::common::{bench, run};
use crate::invented::{NOISE, Saved, case, costs, document, row};

/// Returns every variant in both kinds, sleeping and polling. The n-th takes (n + 1) * 10 µs for a round trip when it
/// sleeps, and a tenth of that when it polls; for throughput the order is reversed. In CPU time, sleeping is cheap.
pub fn figures() -> Document {
    let ways: Vec<_> = registry::all().map(|(member, variant)| (member.profile.name, variant.name)).collect();
    let mut rows = Vec::new();
    for (nth, (mechanism, variant)) in ways.iter().enumerate() {
        let time = (nth + 1) as f64 * 1e4;
        let back = (ways.len() - nth) as f64 * 1e3;
        for (wait, factor) in [(Wait::Block, 1.0), (Wait::Spin, 0.1)] {
            let cost = Some(costs(if wait == Wait::Block { time / 20.0 } else { time }));
            for (kind, ns) in [(Kind::RoundTrip, time * factor), (Kind::Throughput, back * factor)] {
                let mut one = row(&case(mechanism, variant, kind, wait), ns, NOISE);
                one.cost = cost;
                rows.push(one);
            }
        }
    }
    document(rows)
}

pub fn choose(document: &Document, args: &[&str]) -> Value {
    let saved = Saved::of(document);
    let output = run(bench().args(["choose", "--json", "--results", &saved.path()]).args(args));
    assert_eq!(output.status, Some(0), "{args:?}: {}", output.stderr);
    serde_json::from_str(&output.stdout).unwrap()
}

/// Returns `mechanism/variant` of each item.
pub fn names(list: &Value) -> Vec<String> {
    let name =
        |one: &Value| format!("{}/{}", one["mechanism"].as_str().unwrap(), one["variant"].as_str().unwrap());
    list.as_array().unwrap().iter().map(name).collect()
}

pub fn ranking(document: &Document, args: &[&str]) -> Vec<String> {
    names(&choose(document, args)["ranking"])
}
