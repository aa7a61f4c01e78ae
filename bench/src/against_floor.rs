//! A case beside its floor: what the suite adds to the bare calls; and beside what else does the same.

use ipc_core::{Result, Wait};

use crate::floors::Floor;
use crate::ring_crate;
use crate::rounds::{Contestant, Plan, interleave};
use crate::{Case, Effort, Implementation, Kind, Pair, Row};

/// Pieces in which a stream of bytes is written, beside whole messages; the best of all is the floor.
const PIECES: [usize; 3] = [4 << 10, 16 << 10, 64 << 10];

/// Plays `pair` and its floor in interleaved rounds. Completes the `row` of the case, and returns the others': the
/// floor's is the first.
///
/// # Errors
/// As the transport, or as the bare calls.
pub fn against_floor(pair: Pair, row: &mut Row, case: &Case, effort: Effort) -> Result<Vec<Row>> {
    let plan = Plan::new(effort, case.kind);
    let suite = Contestant::new(pair, *case, plan)?;
    let (mut all, mut who) = (vec![suite], vec![(Implementation::Suite, None)]);
    let mut join = |pair, implementation, piece| -> Result<()> {
        all.push(Contestant::new(pair, *case, plan)?);
        who.push((implementation, piece));
        Ok(())
    };
    for floor in floors(case) {
        let piece = floor.piece;
        join(Pair::start_floor(floor, case.placement)?, Implementation::Floor, piece)?;
    }
    if is_ring(case)
        && let Some(pair) = Pair::start_in_place(*case)
    {
        join(pair?, Implementation::InPlace, None)?;
    }
    if is_ring(case) && case.wait != Wait::Block && case.size == ring_crate::SIZE {
        join(ring_crate::start(case.placement)?, Implementation::Rtrb, None)?;
    }
    interleave(&mut all, plan)?;
    row.in_rounds(&all[0]);
    let others = all.iter().zip(who).skip(1).map(|(other, (implementation, piece))| Row {
        piece,
        ..Row::of_other(implementation, case, other, &all[0])
    });
    let rows = best_floor_first(others.collect());
    row.compared_with(&rows[0]);
    for contestant in all {
        contestant.finish()?;
    }
    Ok(rows)
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
        rows.into_iter().partition(|row| row.implementation == Implementation::Floor);
    floors.sort_by(|a, b| time(a).total_cmp(&time(b)));
    floors.truncate(1);
    floors.extend(others);
    floors
}
