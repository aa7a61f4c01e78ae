//! A case beside its floor: what the suite adds to the bare calls; and beside what else does the same.

use ipc_core::{Result, Wait};

use crate::floors::Floor;
use crate::ring_crate;
use crate::rounds::{Contestant, Plan, interleave};
use crate::{Case, Effort, Implementation, Kind, Pair, Row};

/// Pieces in which a stream of bytes is written, beside whole messages; the best of all is the floor.
const PIECES: [usize; 3] = [4 << 10, 16 << 10, 64 << 10];

/// Plays a case and its floor in interleaved rounds. Completes the `row` of the case, and returns the others': the
/// floor's is the first. If `is_over` comes true, the rounds until then count.
///
/// # Errors
/// As the transport, or as the bare calls; [`Disconnected`](ipc_core::Error::Disconnected) if it was over too early.
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
    let rows = best_floor_first(others.collect());
    row.compared_with(&rows[0], &all[0]);
    Ok(rows)
}

/// Whose code, and in which pieces it writes.
type Who = (Implementation, Option<usize>);

/// The suite, its floors, and what else there is; in this order.
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

/// The floors of a case: one, or several of which the best will count.
fn floors(case: &Case) -> Vec<Floor> {
    let whole = Floor::of(case);
    let is_stream = match case.member.profile.name {
        "pipe" | "fifo" => true,
        "socket" => case.variant == "unix-stream",
        _ => false,
    };
    let mut floors = vec![whole.clone()];
    if case.kind == Kind::Throughput && is_stream {
        let smaller = PIECES.into_iter().filter(|&piece| piece < case.size);
        floors.extend(smaller.map(|piece| whole.clone().in_pieces(piece)));
    }
    floors
}

/// Whether it is a stream through the suite's ring.
fn is_ring(case: &Case) -> bool {
    let in_memory = matches!(case.member.profile.name, "shm" | "mmap");
    in_memory && case.variant != "sem" && case.kind == Kind::Throughput
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
