//! The tables: the figures of all charts, and more.

pub(super) mod batches;
pub(super) mod costs;
pub(super) mod figures;
pub(super) mod floors;
pub(super) mod paced;

use maud::{Markup, html};

use super::data::{Data, Setting, sign, spread, way};
use super::html::{Cell, HtmlTable, list};
use crate::results::row::Row;
use crate::results::units::bytes;

pub(super) fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Returns the mechanism and the variant of a row, in two cells.
pub(super) fn who(row: &Row) -> Vec<Cell> {
    vec![Cell { aside: sign(row).into(), ..way(row).into() }, bytes(row.size).into()]
}

/// Returns a table folded under a line that opens it; nothing if it has no rows.
fn folded(table: &HtmlTable) -> Markup {
    html! { @if !table.rows.is_empty() { details { summary { (table.label) } (table) } } }
}

/// Returns a table under its own label; nothing if it has no rows.
pub(super) fn titled(table: &HtmlTable) -> Markup {
    html! { @if !table.rows.is_empty() { h3 { (table.label) } (table) } }
}

/// The number of items above which a list is folded.
const LONG: usize = 12;

/// Returns a list, folded if it is long.
pub(super) fn long_list(lines: &[String], what: &str) -> Markup {
    let list = list(lines);
    if lines.len() > LONG {
        html! { details.long { summary { (lines.len()) " " (what) } (list) } }
    } else {
        list
    }
}

/// Returns the rows whose rounds do not agree.
pub(super) fn doubtful(data: &Data) -> Markup {
    let line = |row: &&Row| {
        let (kind, setting) = (row.kind.words(), Setting::of(row).name());
        let spread = spread(row).unwrap_or(0.0);
        format!(
            "{}, {kind}, {}, {setting}: middle half spreads over {spread:.0} %",
            way(row),
            bytes(row.size)
        )
    };
    let lines: Vec<_> = data.rows.iter().filter(|row| row.is_unstable()).map(line).collect();
    long_list(&lines, "rows")
}
