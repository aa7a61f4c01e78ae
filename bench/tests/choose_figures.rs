//! Tests of the figure by which `choose` ranks, and of its description: by exact values, without a process.

mod invented;

use invented::{NOISE, case, different_costs, document, row, ten_thousand};
use ipc_bench::present::choose::Choice;
use ipc_bench::present::choose::enough::{has_clients, is_enough};
use ipc_bench::present::choose::purpose::{Common, Outlive, Partners, Priority, Purpose, Shape, Ways};
use ipc_bench::results::case::{Case, Kind};
use ipc_bench::results::document::{Document, NotMeasured};
use ipc_bench::results::registry::SIX;
use ipc_bench::results::row::{Rounds, Row};
use ipc_core::{Clients, Wait};

const PURPOSE: Purpose = Purpose {
    partners: Partners::Any,
    common: Common::ALL,
    ways: Ways::TwoWay,
    shape: Shape::Message,
    size: 64,
    clients: 1,
    outlive: Outlive::No,
    priority: Priority::Latency,
};

fn choice(purpose: Purpose, results: Vec<Row>) -> Choice {
    Choice::of(&purpose, &document(results), |_, _| None)
}

/// Returns the ranking, each variant with its figure.
fn ranking(choice: &Choice) -> Vec<(&'static str, u64)> {
    choice.ranking.iter().map(|one| (one.variant, one.figure_ns as u64)).collect()
}

fn reason(choice: &Choice, variant: &str) -> String {
    let excluded = choice.excluded.iter().map(|one| (one.variant, &one.reason));
    let all = choice.ranking.iter().map(|one| (one.variant, &one.reason)).chain(excluded);
    all.into_iter().find(|(name, _)| *name == variant).expect("it is there").1.clone()
}

/// A FIFO takes 50 µs for the round trip, and 40 for one way; a socket takes 100, and 10 for one way.
fn two() -> Vec<Row> {
    let of = |mechanism, variant, rtt, one_way| Row {
        rtt_ns: Some(ten_thousand(rtt)),
        one_way_ns: Some(ten_thousand(one_way)),
        ..row(&case(mechanism, variant, Kind::RoundTrip, Wait::Block), 1.0, NOISE)
    };
    vec![of("fifo", "fifo", 10, 8), of("socket", "unix-stream", 20, 2)]
}

#[test]
fn one_way_needs_are_ranked_by_one_way_times() {
    let one_way = Purpose { ways: Ways::OneWay, ..PURPOSE };
    assert_eq!(ranking(&choice(PURPOSE, two())), [("fifo", 50_015), ("unix-stream", 100_031)]);
    let there = choice(one_way, two());
    assert_eq!(ranking(&there), [("unix-stream", 10_007), ("fifo", 40_031)]);
    let said = "10.01 µs to the other side when sleeping (p50; p99 19.81 µs); to write: frames";
    assert!(reason(&there, "unix-stream").starts_with(said), "{}", reason(&there, "unix-stream"));
    // If one row has no one-way time, that of another must not be compared with its round trip.
    let mut rows = two();
    rows[1].one_way_ns = None;
    let there = choice(one_way, rows);
    assert_eq!(ranking(&there), [("fifo", 50_015), ("unix-stream", 100_031)]);
    assert!(
        reason(&there, "fifo").starts_with("50.02 µs for a round trip when sleeping (p50; p99 99.01 µs)")
    );
}

/// The CPU time of both sides counts: 1.1 and 1.2 microseconds of one, 2.2 and 2.4 of the other. One way, it is that of
/// a stream.
#[test]
fn cpu_time_is_that_of_both_sides() {
    let of = |kind, factor: f64| {
        let mut costs = different_costs();
        for side in [&mut costs.ping, &mut costs.pong] {
            (side.user_ns, side.system_ns) = (side.user_ns * factor, side.system_ns * factor);
        }
        Row { cost: Some(costs), ..row(&case("fifo", "fifo", kind, Wait::Block), 1e4, NOISE) }
    };
    let rows = || vec![of(Kind::RoundTrip, 1.0), of(Kind::Throughput, 0.1)];
    for (ways, ns, said) in [
        (Ways::TwoWay, 6900, "2.30 µs + 4.60 µs of CPU time for a round trip when sleeping; "),
        (Ways::OneWay, 690, "230 ns + 460 ns of CPU time for a message when sleeping; "),
    ] {
        let choice = choice(Purpose { ways, priority: Priority::Cpu, ..PURPOSE }, rows());
        assert_eq!(ranking(&choice), [("fifo", ns)]);
        assert!(reason(&choice, "fifo").starts_with(said), "{}", reason(&choice, "fifo"));
    }
}

#[test]
fn throughput_is_ranked_by_messages() {
    let of =
        |mechanism, variant, ns| row(&case(mechanism, variant, Kind::Throughput, Wait::Block), ns, NOISE);
    let rows = vec![of("fifo", "fifo", 500.0), of("socket", "unix-stream", 250.0)];
    let choice = choice(Purpose { priority: Priority::Throughput, ..PURPOSE }, rows);
    assert_eq!(ranking(&choice), [("unix-stream", 250), ("fifo", 500)]);
    let said = "4,000,000 messages, 256.0 megabytes, a second when sleeping; ";
    assert!(reason(&choice, "unix-stream").starts_with(said), "{}", reason(&choice, "unix-stream"));
}

/// The nearest size is that of the smallest factor: 600 bytes are nearer to 4096 than to 64.
#[test]
fn the_nearest_size_is_that_of_the_smallest_factor() {
    let of = |size| Row { size, ..row(&case("fifo", "fifo", Kind::RoundTrip, Wait::Block), 1e4, NOISE) };
    for (wanted, measured) in [(64, 64), (500, 64), (600, 4096), (1 << 20, 4096), (1, 64)] {
        let choice = choice(Purpose { size: wanted, ..PURPOSE }, vec![of(4096), of(64)]);
        assert_eq!(choice.measured_size, measured, "{wanted}");
        let note = choice.notes.iter().any(|note| note.starts_with("no messages of "));
        assert_eq!(note, wanted != measured, "{:?}", choice.notes);
    }
}

/// Two processes on two CPUs are the default; if that was not measured, another placement is used. A case skipped in
/// another placement is no reason here.
#[test]
fn figures_are_of_one_placement() {
    let of = |cpus: &str, ns| Row {
        cpus: cpus.into(),
        ..row(&case("fifo", "fifo", Kind::RoundTrip, Wait::Block), ns, NOISE)
    };
    let of_floor = Row { implementation: "floor".into(), ..of("split", 1.0) };
    let mut document = document(vec![of("same", 1e3), of("split", 5e4), of_floor]);
    let skip = |cpus: &str| NotMeasured {
        cpus: cpus.into(),
        ..NotMeasured::new(&case("msgq", "sysv", Kind::RoundTrip, Wait::Block), format!("no room on {cpus}"))
    };
    document.skipped = vec![skip("same")];
    let choose = |document: &Document| Choice::of(&PURPOSE, document, |_, _| None);
    let both = choose(&document);
    assert_eq!((both.cpus.as_str(), ranking(&both)), ("split", vec![("fifo", 49_759)]));
    assert_eq!(reason(&both, "sysv"), "it was not measured");
    document.skipped.push(skip("split"));
    assert_eq!(reason(&choose(&document), "sysv"), "no room on split");
    document.results.remove(1);
    document.results.remove(1);
    let same = choose(&document);
    assert_eq!((same.cpus.as_str(), ranking(&same)), ("same", vec![("fifo", 995)]));
}

/// The reasons to doubt a figure are reported with it.
#[test]
fn doubts_are_told() {
    let wild = [0.5, 1.5, 0.6, 1.4, 0.7, 1.3, 0.8, 1.2];
    let of = |noise| row(&case("fifo", "fifo", Kind::RoundTrip, Wait::Block), 1e4, noise);
    for (noise, doubtful) in [(NOISE, false), (wild, true)] {
        let said = reason(&choice(PURPOSE, vec![of(noise)]), "fifo");
        assert_eq!(said.contains("(unstable);"), doubtful, "{said}");
    }
    let mut document = document(vec![of(NOISE)]);
    for debug in [false, true] {
        document.environment.debug_build = debug;
        let notes = Choice::of(&PURPOSE, &document, |_, _| None).notes;
        assert_eq!(notes, ["the figures are of a debug build: not for decisions"][..usize::from(debug)]);
    }
}

/// For many clients the nearest number counts, and is named.
#[test]
fn figures_of_other_clients_are_told() {
    let of = |clients, ns| {
        let case = Case { clients, ..case("msgq", "sysv", Kind::Clients, Wait::Block) };
        Row { rtt_ns: Some(ten_thousand(ns)), ..row(&case, 1e4, NOISE) }
    };
    for (wanted, ns, note) in [
        (10, 100_031, None),
        (20, 100_031, Some("the figures are of 10 clients")),
        (900, 200_063, Some("the figures are of 1,000 clients")),
    ] {
        let choice =
            choice(Purpose { clients: wanted, ..PURPOSE }, vec![of(1, 10), of(10, 20), of(1000, 40)]);
        assert_eq!(ranking(&choice), [("sysv", ns)]);
        assert_eq!(choice.notes, note.into_iter().collect::<Vec<_>>());
    }
}

/// The longest message is asked for only where no figure shows it; the longest itself is not too long.
#[test]
fn the_longest_message_is_not_too_long() {
    let rows = || vec![row(&case("fifo", "fifo", Kind::RoundTrip, Wait::Block), 1e4, NOISE)];
    let excluded = |size, max| {
        let choice = Choice::of(&Purpose { size, ..PURPOSE }, &document(rows()), |_, _| Some(max));
        choice.ranking.is_empty().then(|| reason(&choice, "fifo"))
    };
    assert_eq!((excluded(100, 100), excluded(64, 10)), (None, None), "messages of 64 bytes were measured");
    let reason = "message of 101 bytes is too large: this link carries at most 100 bytes";
    assert_eq!(excluded(101, 100).as_deref(), Some(reason));
}

/// Returns each variant of each mechanism, in both kinds, with two wait strategies, measured for eight rounds of a
/// thousand messages of `median` nanoseconds.
fn everything(median: f64) -> Document {
    let mut rows = Vec::new();
    for member in SIX.iter() {
        for variant in member.variants() {
            for kind in Kind::USUAL {
                for wait in [Wait::Block, Wait::Spin] {
                    let row = Row::empty(&case(member.profile.name, variant.name, kind, wait));
                    rows.push(Row { rounds: Some(Rounds::of(1000, &[median; 8])), ..row });
                }
            }
        }
    }
    document(rows)
}

/// Half a millisecond behind each figure is enough, and less is not.
#[test]
fn enough_was_measured_of_everything() {
    assert!(is_enough(&everything(62.5), 64) && !is_enough(&everything(62.4), 64));
    assert!(!is_enough(&everything(1e3), 128), "no such size");
    let without = |is_gone: fn(&Row) -> bool| {
        let mut document = everything(1e3);
        document.results.retain(|row| !is_gone(row));
        document
    };
    assert!(!is_enough(&without(|row| row.variant == "tcp"), 64));
    assert!(!is_enough(&without(|row| row.variant == "tcp" && row.wait == "spin"), 64), "one way to wait");
    let mut twice = without(|row| row.wait == "spin");
    let elsewhere = twice.results.clone().into_iter().map(|row| Row { cpus: "same".into(), ..row });
    twice.results.extend(elsewhere);
    assert!(!is_enough(&twice, 64), "one way to wait, in two places");
    let mut tried = without(|row| row.variant == "tcp" && row.kind == Kind::Throughput);
    assert!(!is_enough(&tried, 64));
    let failed = |kind, size| {
        NotMeasured::new(&Case { size, ..case("socket", "tcp", kind, Wait::Block) }, "no".into())
    };
    tried.failed = vec![failed(Kind::Throughput, 65), failed(Kind::RoundTrip, 64)];
    assert!(!is_enough(&tried, 64), "something else was tried");
    tried.failed.push(failed(Kind::Throughput, 64));
    assert!(is_enough(&tried, 64));
}

#[test]
fn so_many_clients_were_measured() {
    let mut rows = Vec::new();
    for member in SIX.iter() {
        for variant in member.variants().filter(|variant| variant.clients == Clients::Many) {
            let case =
                Case { clients: 10, ..case(member.profile.name, variant.name, Kind::Clients, Wait::Block) };
            rows.push(Row::empty(&case));
        }
    }
    let mut document = document(rows);
    assert!(has_clients(&document, 64, 10));
    assert!(!has_clients(&document, 64, 11) && !has_clients(&document, 65, 10));
    document.results.pop();
    assert!(!has_clients(&document, 64, 10));
}
