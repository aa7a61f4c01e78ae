//! Tests of the figures in a row, from invented rounds.

use ipc_core::{Error, Wait};

use super::*;
use crate::invented::case;

/// Returns a contestant that has played rounds of 50 messages, each of which took the given time.
fn played(kind: Kind, times: [f64; 5]) -> Contestant {
    let mut contestant =
        Contestant::new(case("pipe", "anonymous", kind, Wait::Block), || Err(Error::Disconnected));
    (contestant.count, contestant.times) = (50, times.into());
    contestant
}

#[test]
fn messages_and_bytes_of_a_second() {
    let mut row =
        Row { count: 500, size: 64, ..Row::empty(&case("pipe", "anonymous", Kind::Throughput, Wait::Block)) };
    row.in_time(Duration::from_millis(250));
    assert_eq!((row.messages_per_s, row.bytes_per_s), (Some(2000.0), Some(128_000.0)));
}

/// Both rows of a comparison state the same ratio, each with the rounds of its own side.
#[test]
fn a_row_and_its_floor_say_the_same_ratio() {
    let case = case("pipe", "anonymous", Kind::Throughput, Wait::Block);
    let ours = played(Kind::Throughput, [300.0, 200.0, 400.0, 500.0, 1000.0]);
    let theirs = played(Kind::Throughput, [200.0, 100.0, 100.0, 100.0, 1000.0]); // 1.5, 2, 4, 5 and 1 times
    let floor = Row::of_other(Implementation::Floor, &case, &theirs, &ours);
    assert_eq!((floor.implementation.as_str(), floor.count), ("floor", 5 * 50));
    assert_eq!((floor.suite_ratio, floor.suite_ratio_spread), (Some(2.0), Some([1.5, 4.0])));
    assert_eq!((floor.floor_ratio, floor.rtt_ns.as_ref()), (None, None));
    assert_eq!(floor.rounds, Some(Rounds::of(50, &theirs.times)));
    assert!((floor.messages_per_s.unwrap() - 1e7).abs() < 1.0, "a median of 100 ns: {floor:?}");

    let mut row = Row { rounds: Some(Rounds::of(1, &[7.0])), ..Row::empty(&case) };
    row.compared_with(&floor, &ours);
    assert_eq!((row.floor_ratio, row.floor_ratio_spread), (Some(2.0), Some([1.5, 4.0])));
    assert_eq!(row.beside_floor, Some(Rounds::of(50, &ours.times)));
    assert_eq!(row.rounds, Some(Rounds::of(1, &[7.0])), "they were played without a floor");
    let of_trips = Row::of_other(Implementation::Floor, &case_of(Kind::RoundTrip), &theirs, &ours);
    assert_eq!(of_trips.messages_per_s, None);
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

#[test]
fn fairness_has_the_fewest_the_middle_and_the_most() {
    let of = |counts: &[u64]| Fairness::of(counts).map(|fair| [fair.min, fair.median, fair.max]);
    assert_eq!(of(&[40, 10, 30, 20, 90]), Some([10, 30, 90]));
    assert_eq!((of(&[7]), of(&[])), (Some([7; 3]), None));
    assert!((Fairness::of(&[1, 3]).unwrap().index - 0.8).abs() < 1e-12);
}

/// Rows of different conditions have different keys: none is mistaken for another in a comparison.
#[test]
fn each_condition_is_part_of_the_key() {
    let row = Row::empty(&case_of(Kind::RoundTrip));
    let changes: [fn(&mut Row); 10] = [
        |row| row.mechanism = "fifo".into(),
        |row| row.variant = "named".into(),
        |row| row.implementation = "floor".into(),
        |row| row.kind = Kind::OpenLoop,
        |row| row.size = 65,
        |row| row.wait = "spin".into(),
        |row| row.cpus = "same".into(),
        |row| row.clients = 2,
        |row| row.rate_per_s = Some(1),
        |row| row.piece = Some(1),
    ];
    for (nth, change) in changes.into_iter().enumerate() {
        let mut other = row.clone();
        change(&mut other);
        assert_ne!(other.key(), row.key(), "the change {nth}");
    }
}
