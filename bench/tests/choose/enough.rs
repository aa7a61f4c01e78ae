//! Whether a run is complete enough to choose by it.

use ipc_bench::present::choose::enough::{has_clients, is_enough};
use ipc_bench::present::choose::purpose::{Burn, Purpose};
use ipc_bench::results::case::{Case, Kind};
use ipc_bench::results::document::{Document, NotMeasured};
use ipc_bench::results::registry::{self, Member};
use ipc_bench::results::row::{Rounds, Row};
use ipc_core::{Clients, Variant, Wait};

use crate::invented::{case, document};
use crate::purposes::PURPOSE;

/// Returns each variant of each mechanism, in both kinds, with two wait strategies, measured for eight rounds of a
/// thousand messages of `median` nanoseconds.
fn everything(median: f64) -> Document {
    let mut rows = Vec::new();
    for (member, variant) in registry::all() {
        for kind in Kind::USUAL {
            for wait in [Wait::Block, Wait::Spin] {
                let row = Row::empty(&case(member.profile.name, variant.name, kind, wait));
                rows.push(Row { rounds: Some(Rounds::of(1000, &[median; 8])), ..row });
            }
        }
    }
    document(rows)
}

/// Half a millisecond behind each figure is enough, and less is not.
#[test]
fn enough_was_measured_of_everything() {
    assert!(is_enough(&everything(62.5), &PURPOSE) && !is_enough(&everything(62.4), &PURPOSE));
    assert!(!is_enough(&everything(1e3), &Purpose { size: 128, ..PURPOSE }), "no such size");
    let without = |is_gone: fn(&Row) -> bool| {
        let mut document = everything(1e3);
        document.results.retain(|row| !is_gone(row));
        document
    };
    assert!(!is_enough(&without(|row| row.variant == "tcp"), &PURPOSE));
    assert!(
        !is_enough(&without(|row| row.variant == "tcp" && row.wait == "spin"), &PURPOSE),
        "one way to wait"
    );
    let burn = Purpose { burn_cores: Burn::Yes, ..PURPOSE };
    let without_spin = |is_it: fn(&Row) -> bool| {
        let mut document = everything(1e3);
        let rows = document.results.iter_mut().filter(|row| row.wait == "spin" && is_it(row));
        rows.for_each(|row| row.wait = "hybrid".into());
        document
    };
    let [trips, streams, all]: [fn(&Row) -> bool; 3] =
        [|row| row.kind == Kind::RoundTrip, |row| row.kind == Kind::Throughput, |_| true];
    assert!(is_enough(&without_spin(all), &PURPOSE));
    assert!(is_enough(&without_spin(streams), &burn), "round trips are compared");
    assert!(!is_enough(&without_spin(trips), &burn), "no spinning, where it may be recommended");
    let mut twice = without(|row| row.wait == "spin");
    let elsewhere = twice.results.clone().into_iter().map(|row| Row { cpus: "same".into(), ..row });
    twice.results.extend(elsewhere);
    assert!(!is_enough(&twice, &PURPOSE), "one way to wait, in two places");
    let mut tried = without(|row| row.variant == "tcp" && row.kind == Kind::Throughput);
    assert!(!is_enough(&tried, &PURPOSE));
    let failed = |kind, size| {
        NotMeasured::new(&Case { size, ..case("socket", "tcp", kind, Wait::Block) }, "no".into())
    };
    tried.failed = vec![failed(Kind::Throughput, 65), failed(Kind::RoundTrip, 64)];
    assert!(!is_enough(&tried, &PURPOSE), "something else was tried");
    tried.failed.push(failed(Kind::Throughput, 64));
    assert!(is_enough(&tried, &PURPOSE));
}

#[test]
fn so_many_clients_were_measured() {
    let many = registry::all().filter(|(_, variant)| variant.clients == Clients::Many);
    let row = |(member, variant): (&Member, &Variant)| {
        let case = case(member.profile.name, variant.name, Kind::Clients, Wait::Block);
        Row::empty(&Case { clients: 10, ..case })
    };
    let mut document = document(many.map(row).collect());
    assert!(has_clients(&document, 64, 10));
    assert!(!has_clients(&document, 64, 11) && !has_clients(&document, 65, 10));
    document.results.pop();
    assert!(!has_clients(&document, 64, 10));
}
