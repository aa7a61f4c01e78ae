//! A case beside its floor: what the suite adds to the bare calls, and other implementations of the same exchange.

use ipc_core::{Reach, Result, Unit, Wait};

use super::in_place::InPlace;
use super::rounds::{Contestant, Plan, interleave};
use super::{Floor, ring_crate};
use crate::measure::effort::Effort;
use crate::measure::pair::Pair;
use crate::results::case::{Case, Kind};
use crate::results::implementation::Implementation;
use crate::results::row::Row;

/// The lengths in which a stream of bytes is written, besides whole messages; the best of all is the floor.
const PIECES: [usize; 3] = [4 << 10, 16 << 10, 64 << 10];

/// Plays a case and its floor in interleaved rounds. Completes the `row` of the case and returns the rows of the
/// others, the floor's first. If `is_over` returns true, the rounds played until then count.
///
/// # Errors
/// As the transport or the bare calls; [`Disconnected`](ipc_core::Error::Disconnected) if it was over too early.
pub fn against_floor(
    row: &mut Row,
    case: Case,
    effort: Effort,
    is_over: &dyn Fn() -> bool,
) -> Result<Vec<Row>> {
    let (who, mut all): (Vec<_>, Vec<_>) = contestants(case).into_iter().unzip();
    interleave(&mut all, Plan::new(effort, case.kind), is_over)?;
    let others = all.iter().zip(who).skip(1).map(|(other, (implementation, piece))| Row {
        piece,
        ..Row::of_other(implementation, &case, other, &all[0])
    });
    Ok(compare(row, &all[0], others.collect()))
}

/// Completes the row of the suite from the best of the floors, which comes first in the returned rows.
fn compare(row: &mut Row, ours: &Contestant, others: Vec<Row>) -> Vec<Row> {
    let rows = best_floor_first(others);
    row.compared_with(&rows[0], ours);
    rows
}

/// The implementation, and the length of the pieces that it writes.
type Who = (Implementation, Option<usize>);

/// Returns the suite, its floors and the other implementations, in this order.
fn contestants(case: Case) -> Vec<(Who, Contestant)> {
    let placement = case.placement;
    let of_floor = move |implementation, floor: Floor| {
        let piece = floor.piece;
        let start = move || Pair::start_floor(floor.clone(), placement);
        ((implementation, piece), Contestant::new(case, start))
    };
    let mut all = vec![((Implementation::Suite, None), Contestant::new(case, move || Pair::start(case)))];
    all.extend(floors(&case).into_iter().map(|floor| of_floor(Implementation::Floor, floor)));
    if is_ring(&case) {
        all.push(of_floor(Implementation::ManySlots, Floor::of(&case).with_many_slots()));
        let start = move || Pair::start_in_place(case).expect("it is a ring");
        all.push(((Implementation::InPlace, None), Contestant::new(case, start)));
        if case.wait != Wait::Block && case.size == ring_crate::SIZE {
            let start = move || ring_crate::start(placement);
            all.push(((Implementation::Rtrb, None), Contestant::new(case, start)));
        }
    }
    all
}

/// Returns the floors of a case: one, or several of which the best counts.
fn floors(case: &Case) -> Vec<Floor> {
    let whole = Floor::of(case);
    // On the way to another host, the kernel splits a stream as it chooses.
    let variant = case.variant();
    let is_stream = variant.unit == Unit::ByteStream && variant.reach == Reach::SameHost;
    let mut floors = vec![whole.clone()];
    if case.kind == Kind::Throughput && is_stream {
        let smaller = PIECES.into_iter().filter(|&piece| piece < case.size);
        floors.extend(smaller.map(|piece| whole.clone().in_pieces(piece)));
    }
    floors
}

/// Returns true if the case is a stream through the suite's ring.
fn is_ring(case: &Case) -> bool {
    case.kind == Kind::Throughput && InPlace::find(case.member.profile.name, case.variant).is_some()
}

/// Keeps only the fastest of the floors.
fn best_floor_first(rows: Vec<Row>) -> Vec<Row> {
    let time = |row: &Row| row.rounds.as_ref().map_or(f64::INFINITY, |rounds| rounds.ns.median);
    let (mut floors, others): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row.implementation == Implementation::Floor.name());
    floors.sort_by(|a, b| time(a).total_cmp(&time(b)));
    floors.truncate(1);
    floors.extend(others);
    floors
}

#[cfg(test)]
mod tests {
    use super::ring_crate;
    use super::*;
    use crate::invented::case;
    use crate::measure::registry::SIX;
    use crate::results::row::Rounds;

    /// Returns the implementations that play beside a case, and the pieces in which each writes.
    fn who(case: Case) -> Vec<(&'static str, Option<usize>)> {
        contestants(case).into_iter().map(|((who, piece), _)| (who.name(), piece)).collect()
    }

    fn all_cases() -> impl Iterator<Item = Case> {
        let ways = SIX
            .iter()
            .flat_map(|member| member.variants().map(|variant| (member.profile.name, variant.name)));
        let kinds = Kind::USUAL;
        ways.flat_map(move |(mechanism, variant)| {
            kinds.into_iter().flat_map(move |kind| {
                Wait::ALL.into_iter().map(move |wait| case(mechanism, variant, kind, wait))
            })
        })
    }

    /// Each case has one floor; only a ring has other rings beside it.
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
            floors(&case).iter().map(|floor| floor.piece).collect()
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
    fn the_fastest_floor_counts_and_no_other() {
        let case = case("pipe", "anonymous", Kind::Throughput, Wait::Block);
        let of = |implementation: Implementation, piece, ns: f64| Row {
            implementation: implementation.name().into(),
            piece,
            rounds: Some(Rounds::of(10, &[ns])),
            suite_ratio: Some(300.0 / ns),
            ..Row::empty(&case)
        };
        let rows = vec![
            of(Implementation::Floor, None, 30.0),
            of(Implementation::InPlace, None, 5.0),
            of(Implementation::Floor, Some(4096), 10.0),
            of(Implementation::Floor, Some(16384), 20.0),
            of(Implementation::ManySlots, None, 40.0),
        ];
        let (mut row, ours) = (Row::empty(&case), Contestant::new(case, move || Pair::start(case)));
        let kept = compare(&mut row, &ours, rows).into_iter().map(|row| (row.implementation, row.piece));
        assert_eq!(row.floor_ratio, Some(30.0));
        let kept: Vec<_> = kept.collect();
        let expected = [("floor", Some(4096)), ("in_place", None), ("many_slots", None)];
        assert_eq!(kept, expected.map(|(name, piece)| (name.to_owned(), piece)));
    }
}
