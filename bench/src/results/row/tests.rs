//! Tests of the figures in a row, from invented rounds.

use ipc_core::Wait;

use super::*;
use crate::invented::case;

#[test]
fn messages_and_bytes_of_a_second() {
    let mut row =
        Row { count: 500, size: 64, ..Row::empty(&case("pipe", "anonymous", Kind::Throughput, Wait::Block)) };
    row.in_time(Duration::from_millis(250));
    assert_eq!((row.messages_per_s, row.bytes_per_s), (Some(2000.0), Some(128_000.0)));
}

fn case_of(kind: Kind) -> Case {
    case("pipe", "anonymous", kind, Wait::Block)
}

#[test]
fn rounds_say_how_far_they_agree() {
    let rounds = Rounds::of(1000, &[100.0, 200.0, 300.0, 400.0, 500.0]);
    assert_eq!((rounds.count, rounds.messages), (5, 1000));
    assert_eq!(rounds.ns, Quartiles { p25: 200.0, median: 300.0, p75: 400.0 });
    assert!((rounds.spread - 2.0 / 3.0).abs() < 1e-12 && !rounds.agree, "{rounds:?}");
    let steady = Rounds::of(1000, &[100.0, 101.0, 102.0]);
    assert!((steady.spread - 1.0 / 101.0).abs() < 1e-12 && steady.agree, "{steady:?}");
    let row = |rounds| Row { rounds, ..Row::empty(&case_of(Kind::RoundTrip)) };
    assert_eq!(
        [Some(rounds), Some(steady), None].map(|rounds| row(rounds).is_unstable()),
        [true, false, false]
    );
}

/// Rows of different conditions have different keys: none is mistaken for another in a comparison.
#[test]
fn each_condition_is_part_of_the_key() {
    let row = Row::empty(&case_of(Kind::RoundTrip));
    let changes: [fn(&mut Row); 11] = [
        |row| row.mechanism = "fifo".into(),
        |row| row.variant = "named".into(),
        |row| row.implementation = "floor".into(),
        |row| row.kind = Kind::OpenLoop,
        |row| row.size = 65,
        |row| row.wait = "spin".into(),
        |row| row.cpus = "same".into(),
        |row| row.clients = 2,
        |row| row.rate_per_s = Some(1),
        |row| row.flush_every = 2,
        |row| row.piece = Some(1),
    ];
    for (nth, change) in changes.into_iter().enumerate() {
        let mut other = row.clone();
        change(&mut other);
        assert_ne!(other.key(), row.key(), "the change {nth}");
    }
}

/// 512 bytes are eight times 64 bytes, and 4 bytes are a sixteenth. 60 bytes were measured since one link carries no more.
#[test]
fn the_nearest_size_is_that_of_the_smallest_factor() {
    let row = |kind, size, at_limit| Row { size, at_limit, ..Row::empty(&case_of(kind)) };
    let limit = row(Kind::RoundTrip, 60, true);
    let rows =
        [row(Kind::RoundTrip, 4, false), row(Kind::Throughput, 64, false), row(Kind::RoundTrip, 512, false)];
    let nearest = |rows: &[Row], wanted| nearest_size(rows.iter(), Kind::RoundTrip, wanted);
    assert_eq!(nearest(&rows, 64), 512);
    assert_eq!(nearest(&[&rows[..], std::slice::from_ref(&limit)].concat(), 64), 512);
    assert_eq!((nearest(&[limit], 64), nearest(&[], 64), nearest(&rows, 0)), (60, 64, 4));
}
