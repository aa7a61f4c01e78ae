//! Each row beside its floor, as tables.

use crate::table::{Table, grouped, heading};
use crate::{Document, Kind, Quartiles, Rounds, Row, size_name};

const COLUMNS: [&str; 9] =
    ["mechanism", "variant", "by", "rounds", "p25", "median", "p75", "floor_ratio", "its middle half"];

/// One for each kind, wait strategy and size that was played beside its floor; the time of a message, or of a round
/// trip, by the suite and by bare calls.
#[must_use]
pub fn tables(document: &Document) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for row in document.results.iter().filter(|row| played(row).is_some()) {
        let what = if row.kind == Kind::RoundTrip { "round trip" } else { "message" };
        let unit = format!(
            "beside its floor, the bare calls, in rounds that take turns: microseconds a {what}, and time / floor"
        );
        let heading = heading(row, &unit);
        if tables.last().is_none_or(|table| table.heading != heading) {
            tables.push(Table { heading, columns: COLUMNS.to_vec(), rows: Vec::new() });
        }
        tables.last_mut().expect("pushed").rows.push(cells(row));
    }
    tables
}

fn cells(row: &Row) -> Vec<String> {
    let by = match row.piece {
        Some(piece) => format!("{}, {} at once", row.implementation, size_name(piece)),
        None => row.implementation.clone(),
    };
    let mut cells = vec![row.mechanism.clone(), row.variant.clone(), by];
    if let Some(rounds) = played(row) {
        cells.push(grouped(rounds.count as u64));
        let Quartiles { p25, median, p75 } = rounds.ns;
        cells.extend([p25, median, p75].map(|ns| format!("{:.3}", ns / 1e3)));
    }
    match (row.floor_ratio, row.floor_ratio_spread) {
        (Some(ratio), Some([low, high])) => {
            cells.extend([format!("{ratio:.3}"), format!("{low:.3} to {high:.3}")]);
        }
        _ => cells.extend([String::new(), String::new()]),
    }
    cells
}

/// The rounds of a floor, or those that were played beside one.
fn played(row: &Row) -> Option<&Rounds> {
    if row.implementation == "floor" { row.rounds.as_ref() } else { row.beside_floor.as_ref() }
}
