//! A purpose, invented figures for it, and what is chosen by them: without a process.

use ipc_bench::present::choose::Choice;
use ipc_bench::present::choose::purpose::{Burn, Common, Outlive, Partners, Priority, Purpose, Shape, Ways};
use ipc_bench::results::case::Kind;
use ipc_bench::results::row::Row;
use ipc_core::Wait;

use crate::invented::{NOISE, case, document, row};

pub const PURPOSE: Purpose = Purpose {
    partners: Partners::Any,
    common: Common::ALL,
    ways: Ways::TwoWay,
    shape: Shape::Message,
    size: 64,
    clients: 1,
    outlive: Outlive::No,
    rate_per_s: None,
    deadline: None,
    priority: Priority::Latency,
    burn_cores: Burn::No,
};

pub fn choice(purpose: Purpose, results: Vec<Row>) -> Choice {
    Choice::of(&purpose, &document(results), |_, _| None)
}

/// Returns the ranking, each variant with its figure.
pub fn ranking(choice: &Choice) -> Vec<(&'static str, u64)> {
    choice.ranking.iter().map(|one| (one.variant, one.figure.ns.round() as u64)).collect()
}

/// Returns the names of the ranking.
pub fn variants(choice: &Choice) -> Vec<&'static str> {
    choice.ranking.iter().map(|one| one.variant).collect()
}

/// Returns the names of the ranking, each with its wait strategy.
pub fn order(choice: &Choice) -> Vec<(&'static str, &str)> {
    choice.ranking.iter().map(|one| (one.variant, &*one.wait)).collect()
}

pub fn reason(choice: &Choice, variant: &str) -> String {
    let one = choice.excluded.iter().find(|one| one.variant == variant);
    one.unwrap_or_else(|| panic!("{variant} is not excluded: {choice:#?}")).reason.clone()
}

pub fn because(choice: &Choice) -> &str {
    &choice.recommendation.as_ref().expect("something is recommended").because
}

pub fn figure_text<'a>(choice: &'a Choice, variant: &str) -> &'a str {
    &choice.ranking.iter().find(|one| one.variant == variant).expect("it is ranked").figure_text
}

/// Returns a row of round trips of `ns`; 99 of 100 take twice as long.
pub fn trips(mechanism: &str, variant: &'static str, wait: Wait, ns: f64) -> Row {
    let mut row = row(&case(mechanism, variant, Kind::RoundTrip, wait), ns, NOISE);
    let times = row.rtt_ns.as_mut().expect("it has times");
    (times.p99, times.mean) = ((2.0 * ns) as u64, ns);
    row
}

/// Returns a row of a stream with `ns` for each message.
pub fn stream(mechanism: &str, variant: &'static str, ns: f64) -> Row {
    row(&case(mechanism, variant, Kind::Throughput, Wait::Block), ns, NOISE)
}

/// Returns rows of round trips of sockets and of memory: the packets of a socket are the simplest, and the ring is the
/// fastest by the given factor.
pub fn sockets_and_ring(factor: f64) -> Vec<Row> {
    vec![
        trips("shm", "ring", Wait::Block, 1e4),
        trips("socket", "unix-seqpacket", Wait::Block, 1e4 * factor),
        trips("socket", "unix-stream", Wait::Block, 3e4),
    ]
}
