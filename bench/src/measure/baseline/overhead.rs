//! A case beside its baseline: what the suite adds to the bare calls, and other implementations of the same exchange.

use std::time::Duration;

use ipc_core::{Reach, Result, Unit, Wait};

use super::bare::Baseline;
use super::in_place::{self, InPlace};
use super::rounds::{RoundsPlan, Subject, interleave};
use super::{processes, ring_crate};
use crate::measure::effort::Effort;
use crate::measure::sides;
use crate::results::case::{Case, Kind};
use crate::results::implementation::Implementation;
use crate::results::quartiles::Quartiles;
use crate::results::row::Row;

/// The lengths in which a stream of bytes is written, besides whole messages; the best of all is the baseline.
const PIECES: [usize; 3] = [4 << 10, 16 << 10, 64 << 10];

/// The lengths of the blocks in which short messages are gathered, where they may leave together. Which is best depends on the
/// medium, the placement and the wait strategy: on the machine of the course, a pipe is quickest with 4 to 6 KiB on two cores
/// and with 16 or more on one, a Unix stream with 32.
const BLOCKS: [usize; 5] = [4 << 10, 6 << 10, 16 << 10, 32 << 10, 64 << 10];

/// Returns true if a case is also played by others.
pub(crate) fn has_others(case: &Case) -> bool {
    case.has_baseline() || is_ring(case)
}

/// Plays a case, its baseline and other implementations in interleaved rounds. Completes the `row` of the case and returns the
/// rows of the others, the baseline's first. If `is_over` returns true, the rounds played until then count.
///
/// # Errors
/// As the transport or the bare calls; [`Disconnected`](ipc_core::Error::Disconnected) if it was over too early.
pub fn beside_baseline(
    row: &mut Row,
    case: Case,
    effort: Effort,
    is_over: &dyn Fn() -> bool,
) -> Result<Vec<Row>> {
    let (who, mut all): (Vec<_>, Vec<_>) = subjects(case).into_iter().unzip();
    interleave(&mut all, RoundsPlan::new(effort, case.kind), is_over)?;
    let others = all.iter().zip(who).skip(1).map(|(other, (implementation, piece))| Row {
        piece,
        ..row_of_other(implementation, &case, other, &all[0])
    });
    Ok(compare(row, &all[0], others.collect()))
}

/// Returns the row of another implementation of the same exchange as `suite`.
fn row_of_other(implementation: Implementation, case: &Case, other: &Subject, suite: &Subject) -> Row {
    let row = Row { implementation: implementation.name().into(), ..row_of_rounds(case, other) };
    let Quartiles { p25, median, p75 } = suite.ratio_to(other);
    Row { suite_ratio: Some(median), suite_ratio_spread: Some([p25, p75]), ..row }
}

/// Returns the row of a case with the figures of the rounds that were played.
pub(crate) fn row_of_rounds(case: &Case, played: &Subject) -> Row {
    let mut row = Row { count: played.count * played.times.len() as u64, ..Row::empty(case) };
    if case.kind == Kind::Throughput {
        row.in_time(Duration::from_secs_f64(played.quartiles().median / 1e9 * row.count as f64));
    }
    row.rounds = Some(played.rounds());
    row
}

/// Completes the row of the suite from the best of the baselines, which comes first in the returned rows.
fn compare(row: &mut Row, ours: &Subject, others: Vec<Row>) -> Vec<Row> {
    let rows = best_baseline_first(others);
    row.beside_floor = Some(ours.rounds());
    // The row of the baseline says the same from its side.
    if let Some(best) = rows.first().filter(|row| is_baseline(row)) {
        (row.floor_ratio, row.floor_ratio_spread) = (best.suite_ratio, best.suite_ratio_spread);
    }
    rows
}

fn is_baseline(row: &Row) -> bool {
    row.implementation == Implementation::Baseline.name()
}

/// The implementation, and the length of the pieces that it writes.
type Who = (Implementation, Option<usize>);

/// Returns the suite, its baselines and the other implementations, in this order.
fn subjects(case: Case) -> Vec<(Who, Subject)> {
    let placement = case.placement;
    let of_baseline = move |implementation, baseline: Baseline| {
        let piece = baseline.piece;
        let start = move || processes::start(baseline, placement);
        ((implementation, piece), Subject::new(case, start))
    };
    let mut all = vec![((Implementation::Suite, None), Subject::new(case, move || sides::start(case)))];
    all.extend(baselines(&case).into_iter().map(|baseline| of_baseline(Implementation::Baseline, baseline)));
    if is_ring(&case) {
        let one_by_one = case.flush_every == 1;
        if one_by_one {
            all.push(of_baseline(Implementation::ManySlots, Baseline::of(&case).with_many_slots()));
        }
        let start = move || in_place::start(case).expect("it is a ring");
        all.push(((Implementation::InPlace, None), Subject::new(case, start)));
        if one_by_one && case.wait != Wait::Block && case.size == ring_crate::SIZE {
            let start = move || ring_crate::start(placement);
            all.push(((Implementation::Rtrb, None), Subject::new(case, start)));
        }
    }
    all
}

/// Returns the baselines of a case: one, or several of which the best counts.
fn baselines(case: &Case) -> Vec<Baseline> {
    if !case.has_baseline() {
        return Vec::new();
    }
    let whole = Baseline::of(case);
    // On the way to another host, the kernel splits a stream as it chooses.
    let variant = case.variant();
    let is_stream = variant.unit == Unit::ByteStream && variant.reach == Reach::SameHost;
    if case.flush_every > 1 {
        return in_blocks(case, whole);
    }
    let mut baselines = vec![whole];
    if case.kind == Kind::Throughput && is_stream {
        let smaller = PIECES.into_iter().filter(|&piece| piece < case.size);
        baselines.extend(smaller.map(|piece| whole.in_pieces(piece)));
    }
    baselines
}

/// Returns the baselines of a stream whose messages may leave together: as many as the suite's, or fewer.
fn in_blocks(case: &Case, whole: Baseline) -> Vec<Baseline> {
    let batch = case.size.saturating_mul(case.flush_every as usize).min(BLOCKS[BLOCKS.len() - 1]);
    let shorter = BLOCKS.into_iter().filter(|&piece| piece < batch);
    let blocks = shorter.chain([batch]).filter(|&block| block >= 2 * case.size);
    let blocks: Vec<_> = blocks.map(|block| whole.in_pieces(block)).collect();
    if blocks.is_empty() { vec![whole] } else { blocks }
}

/// Returns true if the case is a stream through the suite's ring.
pub(crate) fn is_ring(case: &Case) -> bool {
    case.kind == Kind::Throughput && InPlace::find(case.member.profile.name, case.variant).is_some()
}

/// Keeps only the fastest of the baselines.
fn best_baseline_first(rows: Vec<Row>) -> Vec<Row> {
    let time = |row: &Row| row.rounds.as_ref().map_or(f64::INFINITY, |rounds| rounds.ns.median);
    let (mut baselines, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_baseline);
    baselines.sort_by(|a, b| time(a).total_cmp(&time(b)));
    baselines.truncate(1);
    baselines.extend(others);
    baselines
}

#[cfg(test)]
mod tests {
    use super::ring_crate;
    use super::*;
    use crate::invented::case;
    use crate::results::registry;
    use crate::results::row::Rounds;
    use ipc_core::Error;

    /// Returns the implementations that play beside a case, and the pieces in which each writes.
    fn who(case: Case) -> Vec<(&'static str, Option<usize>)> {
        subjects(case).into_iter().map(|((who, piece), _)| (who.name(), piece)).collect()
    }

    fn all_cases() -> impl Iterator<Item = Case> {
        let ways = registry::all().map(|(member, variant)| (member.profile.name, variant.name));
        let kinds = Kind::USUAL;
        ways.flat_map(move |(mechanism, variant)| {
            kinds.into_iter().flat_map(move |kind| {
                Wait::ALL.into_iter().map(move |wait| case(mechanism, variant, kind, wait))
            })
        })
    }

    /// Each case has one baseline; only a ring has other rings beside it.
    #[test]
    fn a_ring_has_others_beside_its_floor() {
        assert_eq!(ring_crate::SIZE, 64, "as long as the messages here");
        for case in all_cases() {
            let in_memory = matches!(case.variant, "ring" | "posix" | "file" | "memfd")
                && matches!(case.member.profile.name, "shm" | "mmap");
            let mut expected = vec![("suite", None), ("floor", None)];
            if in_memory && case.kind == Kind::Throughput {
                expected.extend([("many_slots", None), ("in_place", None)]);
                expected.extend((case.wait != Wait::Block).then_some(("rtrb", None)));
            }
            assert_eq!(who(case), expected, "{case}");
            let longer = Case { size: 128, ..case };
            assert!(!who(longer).iter().any(|(name, _)| *name == "rtrb"), "{longer}");
        }
    }

    #[test]
    fn a_stream_is_also_written_in_smaller_pieces() {
        let pieces = |mechanism, variant, kind, size| -> Vec<_> {
            let case = Case { size, ..case(mechanism, variant, kind, Wait::Block) };
            baselines(&case).iter().map(|baseline| baseline.piece).collect()
        };
        for (mechanism, variant) in [("pipe", "anonymous"), ("fifo", "fifo"), ("socket", "unix-stream")] {
            assert_eq!(
                pieces(mechanism, variant, Kind::Throughput, 64 << 10),
                [None, Some(4096), Some(16384)]
            );
            assert_eq!(pieces(mechanism, variant, Kind::Throughput, 4 << 10), [None]);
            assert_eq!(pieces(mechanism, variant, Kind::RoundTrip, 64 << 10), [None]);
        }
        for (mechanism, variant) in [("socket", "unix-seqpacket"), ("socket", "tcp"), ("shm", "ring")] {
            assert_eq!(pieces(mechanism, variant, Kind::Throughput, 64 << 10), [None]);
        }
    }

    #[test]
    fn a_batch_is_gathered_in_blocks_no_longer_than_it_is() {
        let blocks = |size, flush_every| -> Vec<_> {
            let case = case("pipe", "anonymous", Kind::Throughput, Wait::Block);
            let case = Case { size, flush_every, ..case };
            baselines(&case).iter().map(|baseline| baseline.piece).collect()
        };
        assert_eq!(blocks(64, 8), [Some(512)]);
        assert_eq!(blocks(64, 100), [Some(4096), Some(6144), Some(6400)]);
        assert_eq!(blocks(64, 1 << 40), [4096, 6144, 16384, 32768, 65536].map(Some));
        assert_eq!(blocks(4096, 4), [Some(16384)]);
        assert_eq!(blocks(64 << 10, 8), [None], "none holds two");
    }

    /// Bare slots hand over one message at a time; the ring without copies gathers as the suite does.
    #[test]
    fn a_ring_in_batches_is_beside_the_ring_in_place_alone() {
        for wait in Wait::ALL {
            let batched = Case { flush_every: 32, ..case("mmap", "memfd", Kind::Throughput, wait) };
            assert_eq!(who(batched), [("suite", None), ("in_place", None)]);
            assert!(has_others(&batched) && !batched.has_baseline());
        }
        let stream = Case { flush_every: 32, ..case("mmap", "memfd", Kind::Stream, Wait::Block) };
        assert!(!has_others(&stream));

        let (mut row, ours) = (Row::empty(&stream), Subject::new(stream, move || sides::start(stream)));
        let in_place = Row { implementation: "in_place".into(), suite_ratio: Some(2.0), ..row.clone() };
        let kept = compare(&mut row, &ours, vec![in_place]);
        assert_eq!((kept.len(), row.floor_ratio, row.beside_floor.is_some()), (1, None, true));
    }

    #[test]
    fn the_fastest_baseline_counts_and_no_other() {
        let case = case("pipe", "anonymous", Kind::Throughput, Wait::Block);
        let of = |implementation: Implementation, piece, ns: f64| Row {
            implementation: implementation.name().into(),
            piece,
            rounds: Some(Rounds::of(10, &[ns])),
            suite_ratio: Some(300.0 / ns),
            ..Row::empty(&case)
        };
        let rows = vec![
            of(Implementation::Baseline, None, 30.0),
            of(Implementation::InPlace, None, 5.0),
            of(Implementation::Baseline, Some(4096), 10.0),
            of(Implementation::Baseline, Some(16384), 20.0),
            of(Implementation::ManySlots, None, 40.0),
        ];
        let (mut row, ours) = (Row::empty(&case), Subject::new(case, move || sides::start(case)));
        let kept = compare(&mut row, &ours, rows).into_iter().map(|row| (row.implementation, row.piece));
        assert_eq!(row.floor_ratio, Some(30.0));
        let kept: Vec<_> = kept.collect();
        let expected = [("floor", Some(4096)), ("in_place", None), ("many_slots", None)];
        assert_eq!(kept, expected.map(|(name, piece)| (name.to_owned(), piece)));
    }

    /// Returns a subject that has played rounds of 50 messages, each of which took the given time.
    fn played(kind: Kind, times: [f64; 5]) -> Subject {
        let mut subject =
            Subject::new(case("pipe", "anonymous", kind, Wait::Block), || Err(Error::Disconnected));
        (subject.count, subject.times) = (50, times.into());
        subject
    }

    /// Both rows of a comparison state the same ratio, each with the rounds of its own side.
    #[test]
    fn a_row_and_its_baseline_say_the_same_ratio() {
        let case = case("pipe", "anonymous", Kind::Throughput, Wait::Block);
        let ours = played(Kind::Throughput, [300.0, 200.0, 400.0, 500.0, 1000.0]);
        let theirs = played(Kind::Throughput, [200.0, 100.0, 100.0, 100.0, 1000.0]); // 1.5, 2, 4, 5 and 1 times
        let baseline = row_of_other(Implementation::Baseline, &case, &theirs, &ours);
        assert_eq!((baseline.implementation.as_str(), baseline.count), ("floor", 5 * 50));
        assert_eq!((baseline.suite_ratio, baseline.suite_ratio_spread), (Some(2.0), Some([1.5, 4.0])));
        assert_eq!((baseline.floor_ratio, baseline.rtt_ns.as_ref()), (None, None));
        assert_eq!(baseline.rounds, Some(Rounds::of(50, &theirs.times)));
        assert!((baseline.messages_per_s.unwrap() - 1e7).abs() < 1.0, "a median of 100 ns: {baseline:?}");

        let mut row = Row { rounds: Some(Rounds::of(1, &[7.0])), ..Row::empty(&case) };
        compare(&mut row, &ours, vec![baseline]);
        assert_eq!((row.floor_ratio, row.floor_ratio_spread), (Some(2.0), Some([1.5, 4.0])));
        assert_eq!(row.beside_floor, Some(Rounds::of(50, &ours.times)));
        assert_eq!(row.rounds, Some(Rounds::of(1, &[7.0])), "they were played without a floor");
        let round_trip = Case { kind: Kind::RoundTrip, ..case };
        let of_trips = row_of_other(Implementation::Baseline, &round_trip, &theirs, &ours);
        assert_eq!(of_trips.messages_per_s, None);
    }
}
