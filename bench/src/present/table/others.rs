//! The tables of a run beside other libraries.

use crate::present::others::{by, exchanges};
use crate::present::text_table::{TextTable, short_heading};
use crate::results::document::Document;
use crate::results::quartiles::Quartiles;
use crate::results::row::Row;
use crate::results::units::figure;

const COLUMNS: [&str; 5] = ["by", "over", "median", "middle half", "suite / this"];

/// Returns one table for each exchange that was played by all.
#[must_use]
pub fn tables(document: &Document) -> Vec<TextTable> {
    let table = |rows: Vec<&Row>| TextTable {
        heading: short_heading(rows[0], "; nanoseconds"),
        columns: COLUMNS.to_vec(),
        rows: rows.into_iter().map(cells).collect(),
    };
    exchanges(document).into_iter().map(table).collect()
}

fn cells(row: &Row) -> Vec<String> {
    let mut cells = vec![by(row), format!("{} {}", row.mechanism, row.variant)];
    if let Some(rounds) = &row.rounds {
        let Quartiles { p25, median, p75 } = rounds.ns;
        cells.push(figure(median));
        cells.push(format!("{} to {}", figure(p25), figure(p75)));
    }
    cells.push(row.suite_ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default());
    cells
}
