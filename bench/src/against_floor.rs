//! A case beside its floor: what the suite adds to the bare calls.

use ipc_core::Result;

use crate::floors::Floor;
use crate::rounds::{Contestant, Plan, interleave};
use crate::{Case, Effort, Kind, Pair, Row};

/// Pieces in which a stream of bytes is written, beside whole messages; the best of all is the floor.
const PIECES: [usize; 3] = [4 << 10, 16 << 10, 64 << 10];

/// Plays `pair` and its floor in interleaved rounds. Completes the `row` of the case, and returns the floor's.
///
/// # Errors
/// As the transport, or as the bare calls.
pub fn against_floor(pair: Pair, row: &mut Row, case: &Case, effort: Effort) -> Result<Row> {
    let plan = Plan::from(effort);
    let mut contestants = vec![Contestant::new(pair, *case, plan)?];
    let floors = floors(case);
    for floor in &floors {
        let pair = Pair::start_floor(floor.clone(), case.placement)?;
        contestants.push(Contestant::new(pair, *case, plan)?);
    }
    interleave(&mut contestants, plan)?;
    let ours = &contestants[0];
    let bare = contestants[1..].iter().zip(&floors);
    let median = |(contestant, _): &(&Contestant, &Floor)| contestant.quartiles().median;
    let (bare, floor) = bare.min_by(|a, b| median(a).total_cmp(&median(b))).expect("one at least");
    row.compared_with(bare, ours);
    let mut floor_row = Row::of_floor(case, bare);
    floor_row.piece = floor.piece;
    for contestant in contestants {
        contestant.finish()?;
    }
    Ok(floor_row)
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
