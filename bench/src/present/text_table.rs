//! A table of results as text.

use comfy_table::CellAlignment;

use crate::present::grid::{self, LABELS, PLAIN};
use crate::results::case::{Kind, clients_run};
use crate::results::row::Row;
use crate::results::units::{bytes, grouped, in_batches};

/// A heading, the columns' names, and the cells.
#[derive(Clone, Debug)]
pub struct TextTable {
    /// The properties that all rows share: kind, size, wait strategy, placement, unit.
    pub heading: String,
    /// The names of the columns. The first `LABELS` are text, the others numbers.
    pub columns: Vec<&'static str>,
    /// The cells of each row, as many as there are columns.
    pub rows: Vec<Vec<String>>,
}

impl TextTable {
    /// Returns the table as text, no wider than `width` if given.
    #[must_use]
    pub fn text(&self, width: Option<u16>) -> String {
        let mut grid = grid::of(PLAIN, &self.columns, &self.rows);
        for column in grid.column_iter_mut().skip(LABELS) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        grid::fitted(&grid, width)
    }
}

/// Returns the properties that the rows of a table share.
pub(crate) fn heading(row: &Row, unit: &str) -> String {
    let what = row.kind.title();
    let Row { size, wait, cpus, ping_cpu, pong_cpu, .. } = row;
    let mut size = bytes(*size);
    if let Some(rate) = row.rate_per_s {
        size = format!("{size}, {} messages per second", grouped(rate));
    }
    if row.kind == Kind::Clients {
        size = format!("{size}, {}", clients_run(row.clients, row.clients_run));
    }
    size += &in_batches(row.flush_every);
    format!(
        "{what}, {size}, wait {wait}, cpus {cpus} (ping on CPU {ping_cpu}, pong on CPU {pong_cpu}); {unit}"
    )
}

/// Returns the same in less than 80 columns.
pub(crate) fn short_heading(row: &Row, unit: &str) -> String {
    let Row { size, wait, ping_cpu, pong_cpu, .. } = row;
    let mut what = format!("{}, {}", row.kind.title(), bytes(*size));
    if let Some(rate) = row.rate_per_s {
        what = format!("{what}, {}/s", grouped(rate));
    }
    if row.kind == Kind::Clients {
        what = format!("{what}, {}", clients_run(row.clients, row.clients_run));
    }
    what += &in_batches(row.flush_every);
    let cpus =
        if ping_cpu == pong_cpu { format!("CPU {ping_cpu}") } else { format!("CPUs {ping_cpu}, {pong_cpu}") };
    format!("{what}, wait {wait}, {cpus}{unit}")
}

/// Formats a time given in nanoseconds as microseconds.
pub(crate) fn microseconds(nanoseconds: f64) -> String {
    format!("{:.2}", nanoseconds / 1e3)
}
