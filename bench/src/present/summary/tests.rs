//! Tests of the conclusions, from invented rounds.

use ipc_core::Wait;

use super::*;
use crate::invented::{NOISE, case, document, row};
use crate::results::case::Case;
use crate::results::document::NotMeasured;

const SIX_WAYS: [(&str, &str); 6] = [
    ("pipe", "anonymous"),
    ("fifo", "fifo"),
    ("shm", "ring"),
    ("shm", "sem"),
    ("socket", "unix-stream"),
    ("socket", "tcp"),
];

/// Returns rows of [`SIX_WAYS`] whose rounds scatter by up to 2 % around these times.
fn rows(kind: Kind, size: usize, wait: Wait, ns: [f64; 6]) -> impl Iterator<Item = Row> {
    SIX_WAYS.into_iter().zip(ns).map(move |((mechanism, variant), ns)| {
        row(&Case { size, ..case(mechanism, variant, kind, wait) }, ns, NOISE)
    })
}

fn summary(rows: impl Iterator<Item = Row>) -> Summary {
    Summary::of(&document(rows.collect()))
}

/// Returns `wait: figure: names` of each ranking.
fn said(summary: &Summary) -> Vec<String> {
    let line = |ranking: &Ranking| format!("{}: {}: {}", ranking.wait, ranking.figure(), ranking.names());
    summary.rankings.iter().map(line).collect()
}

const FAST_RING: [f64; 6] = [5000.0, 5010.0, 200.0, 4000.0, 6000.0, 9000.0];

#[test]
fn the_one_whose_interval_no_other_touches_is_named_alone() {
    let said = said(&summary(rows(Kind::RoundTrip, 64, Wait::Hybrid, FAST_RING)));
    assert_eq!(said, ["hybrid: 200 ns (196–204): shm ring"]);
}

#[test]
fn those_whose_intervals_overlap_are_named_together_and_none_is_the_best() {
    let two = [5000.0, 5010.0, 5500.0, 5600.0, 6000.0, 9000.0];
    assert_eq!(
        said(&summary(rows(Kind::RoundTrip, 64, Wait::Block, two))),
        ["block: 4.91–5.10 µs: pipe, fifo"]
    );
    let order = [5010.0, 5000.0, 5500.0, 5600.0, 6000.0, 9000.0];
    assert_eq!(
        said(&summary(rows(Kind::RoundTrip, 64, Wait::Block, order))),
        ["block: 4.91–5.10 µs: pipe, fifo"]
    );
    let most = [5000.0, 5010.0, 5020.0, 5030.0, 6000.0, 9000.0];
    let all_but = "block: 4.91–5.12 µs: all but socket";
    assert_eq!(said(&summary(rows(Kind::RoundTrip, 64, Wait::Block, most))), [all_but]);
    let all = [5000.0; 6];
    assert_eq!(said(&summary(rows(Kind::RoundTrip, 64, Wait::Block, all))), ["block: 4.91–5.09 µs: all 6"]);
}

/// The second best is slower for certain; the third has such uneven rounds that it may be the fastest.
#[test]
fn uneven_rounds_cannot_be_told_from_the_best_although_a_slower_one_can() {
    let uneven = case("socket", "tcp", Kind::RoundTrip, Wait::Block);
    let mut rows: Vec<_> = rows(Kind::RoundTrip, 64, Wait::Block, FAST_RING.map(|ns| ns + 1e4)).collect();
    rows[5] = row(&uneven, 12e3, NOISE.map(|factor| 1.0 + (factor - 1.0) * 20.0));
    assert_eq!(said(&summary(rows.into_iter())), ["block: 7.68–16.3 µs: shm ring, socket tcp"]);
}

/// Half the time for a message is twice the throughput: the ends of the interval change places.
#[test]
fn throughput_is_in_megabytes_per_second() {
    let said = said(&summary(rows(Kind::Throughput, 64 << 10, Wait::Block, FAST_RING.map(|ns| ns * 1e3))));
    assert_eq!(said, ["block: 328 MB/s (322–334): shm ring"]);
}

/// CPU time has rounds of its own, and is not ranked where spinning hides it.
#[test]
fn cpu_time_is_ranked_by_its_own_rounds() {
    let mut all: Vec<Row> = Wait::ALL
        .into_iter()
        .flat_map(|wait| rows(Kind::RoundTrip, 64, wait, [7e3, 6e3, 5e3, 4e3, 3e3, 2e3]))
        .collect();
    for rounds in all.iter_mut().filter_map(|row| row.rounds.as_mut()) {
        rounds.cpu = rounds.values.iter().map(|ns| 1e7 / ns).collect();
    }
    let summary = summary(all.into_iter());
    let quantities: Vec<_> =
        summary.rankings.iter().map(|ranking| (ranking.quantity, ranking.wait)).collect();
    let cpu = Quantity::Cpu;
    let trip = Quantity::RoundTrip;
    assert_eq!(
        quantities,
        [(trip, "block"), (trip, "spin"), (trip, "hybrid"), (cpu, "block"), (cpu, "hybrid")]
    );
    assert_eq!(said(&summary)[3], "block: 1.43 µs (1.40–1.45): pipe");
}

#[test]
fn too_few_rounds_make_no_ranking() {
    let few = rows(Kind::RoundTrip, 64, Wait::Block, FAST_RING)
        .map(|row| Row { rounds: Some(Rounds::of(1000, &[1.0, 2.0, 3.0, 4.0])), ..row });
    let none = rows(Kind::RoundTrip, 64, Wait::Spin, FAST_RING).map(|row| Row { rounds: None, ..row });
    let summary = summary(few.chain(none));
    assert_eq!(summary.rankings, []);
    assert_eq!(summary.lines().last().unwrap(), "No ranking: no two ways were measured in six rounds.");
    let one = rows(Kind::RoundTrip, 64, Wait::Block, FAST_RING).take(1);
    assert_eq!(Summary::of(&document(one.collect())).rankings, []);
}

/// Figures of another placement, of another size or of bare calls are not comparable.
#[test]
fn only_rows_of_one_kind_are_ranked() {
    let of = |change: fn(&mut Row)| {
        rows(Kind::RoundTrip, 64, Wait::Block, [1.0; 6]).map(move |mut row| {
            change(&mut row);
            row
        })
    };
    let others = of(|row| row.cpus = "same".into())
        .chain(of(|row| row.size = 63))
        .chain(of(|row| row.implementation = "floor".into()));
    let all = others.chain(rows(Kind::RoundTrip, 64, Wait::Block, FAST_RING));
    assert_eq!(said(&summary(all)), ["block: 200 ns (196–204): shm ring"]);
}

#[test]
fn the_size_is_the_nearest_by_its_factor() {
    let sizes = [16, 300].into_iter().flat_map(|size| rows(Kind::RoundTrip, size, Wait::Block, FAST_RING));
    assert_eq!(summary(sizes).rankings[0].size, 16);
}

#[test]
fn what_disturbed_comes_first() {
    let first = |change: &dyn Fn(&mut Document)| {
        let mut document = document(rows(Kind::RoundTrip, 64, Wait::Block, FAST_RING).collect());
        change(&mut document);
        Summary::of(&document).lines().swap_remove(0)
    };
    assert!(first(&|_| ()).starts_with("Best median"), "an older document does not say");
    assert_eq!(first(&|document| document.disturbances = Some(Vec::new())), "No disturbance was noticed.");
    let disturbed = first(&|document| {
        document.disturbances = Some(vec!["other load: 43 %".into()]);
        document.results[1].rounds = Some(Rounds::of(1, &[1.0, 2.0, 3.0, 4.0, 5.0]));
    });
    assert_eq!(disturbed, "Disturbed: other load: 43 %; the rounds of 1 of 6 rows do not agree");
    let fails = |document: &mut Document, cases: usize| {
        let case = case("pipe", "anonymous", Kind::RoundTrip, Wait::Block);
        document.failed = vec![NotMeasured::new(&case, "broken".into()); cases];
    };
    assert_eq!(first(&|document| fails(document, 1)), "Disturbed: a case failed");
    assert_eq!(first(&|document| fails(document, 2)), "Disturbed: 2 cases failed");
    let debug = first(&|document| document.environment.debug_build = true);
    assert_eq!(debug, "Disturbed: a debug build, whose figures mean nothing");
    assert_eq!(first(&|document| document.complete = false), "Disturbed: the run was ended early");
}

/// The longest that `cargo bench` prints: ten lines, each of which fits a terminal.
#[test]
fn the_lines_are_few_and_fit_a_terminal() {
    let mut all = Vec::new();
    for wait in Wait::ALL {
        let ns = if wait == Wait::Block { [5e3, 5.01e3, 9e3, 9e3, 9e3, 5.02e3] } else { FAST_RING };
        all.extend(rows(Kind::RoundTrip, 64, wait, ns));
        if wait != Wait::Spin {
            all.extend(rows(Kind::Throughput, 64 << 10, wait, ns.map(|ns| ns * 4.0)));
        }
    }
    for rounds in all.iter_mut().filter_map(|row| row.rounds.as_mut()) {
        rounds.cpu.clone_from(&rounds.values);
    }
    let document = Document { disturbances: Some(vec!["other load".into()]), ..document(all) };
    let expected = "\
Disturbed: other load
Best median of the rounds (95 % interval); several names cannot be told apart:
Round trip  block   4.91–5.11 µs                 pipe, fifo, socket tcp
64 bytes    spin    200 ns (196–204)             shm ring
            hybrid  200 ns (196–204)             shm ring
Throughput  block   3,206–3,337 MB/s             pipe, fifo, socket tcp
64 KiB      hybrid  82,002 MB/s (80,472–83,422)  shm ring
CPU time    block   4.91–5.11 µs                 pipe, fifo, socket tcp
64 bytes    hybrid  200 ns (196–204)             shm ring";
    assert_eq!(Summary::of(&document).lines().join("\n"), expected);
}

/// With the worst names and a long disturbance, lines are wrapped: none is longer than a terminal is wide.
#[test]
fn no_line_is_too_long() {
    let ways = crate::results::registry::all().enumerate();
    let all = ways.map(|(nth, (member, variant))| {
        let slow = if nth % 2 == 0 { 1.0 } else { 2.0 };
        row(&case(member.profile.name, variant.name, Kind::RoundTrip, Wait::Block), 123_456.0 * slow, NOISE)
    });
    let long = "CPU frequency: governor powersave: a core that sleeps between two messages is slowed down";
    let document = Document { disturbances: Some(vec![long.into(); 2]), ..document(all.collect()) };
    let lines = Summary::of(&document).lines();
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:#?}");
    assert!(lines.concat().matches(", ").count() >= 5, "all six are named: {lines:#?}");
}
