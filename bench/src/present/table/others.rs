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
    let mut cells = vec![without_brackets(&by(row)), format!("{} {}", row.mechanism, row.variant)];
    if let Some(rounds) = &row.rounds {
        let Quartiles { p25, median, p75 } = rounds.ns;
        cells.push(figure(median));
        cells.push(format!("{} to {}", figure(p25), figure(p75)));
    }
    cells.push(row.suite_ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default());
    cells
}

/// Returns a name without the compiler or the library below it, for which a terminal has no room: `C pipe` for
/// `C (gcc 12.2.0) pipe`.
fn without_brackets(name: &str) -> String {
    let brackets = name.split_once(" (").and_then(|(before, rest)| Some((before, rest.split_once(')')?.1)));
    brackets.map_or_else(|| name.to_owned(), |(before, after)| format!("{before}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_on_a_terminal_has_no_brackets() {
        let names = ["C (gcc 12.2.0) unix stream", "zmq 0.10.0 (libzmq 4.3.4)", "x 1.0"];
        assert_eq!(names.map(without_brackets), ["C unix stream", "zmq 0.10.0", "x 1.0"]);
    }
}
