//! The results as tables. The page shows the same ones.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, LineStyle, Table as Grid, TableStyle};

use crate::{Document, Kind, Latency, NotMeasured, Row, floor_table, size_name};

/// A heading, the columns' names, and the cells.
#[derive(Debug)]
pub struct Table {
    /// What all rows have in common: kind, size, wait strategy, placement, unit.
    pub heading: String,
    /// Names of the columns. The first [`LABELS`] are text, the others numbers.
    pub columns: Vec<&'static str>,
    /// As many cells each as there are columns.
    pub rows: Vec<Vec<String>>,
}

/// How many columns on the left are text: mechanism and variant.
pub const LABELS: usize = 2;

const ROUND_TRIP: [&str; 10] =
    ["mechanism", "variant", "count", "min", "p50", "p90", "p99", "p99.9", "max", "mean"];
const THROUGHPUT: [&str; 5] =
    ["mechanism", "variant", "count", "messages per second", "megabytes per second"];

/// The tables of a document: one for each kind, wait strategy and size.
#[must_use]
pub fn tables(document: &Document) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for row in document.results.iter().filter(|row| row.implementation == "suite") {
        let unit = match row.kind {
            Kind::RoundTrip | Kind::OpenLoop => "times in microseconds",
            Kind::Throughput | Kind::Clients => "1 megabyte = 1,000,000 bytes",
        };
        let heading = heading(row, unit);
        if tables.last().is_none_or(|table| table.heading != heading) {
            let columns = if row.rtt_ns.is_some() { ROUND_TRIP.to_vec() } else { THROUGHPUT.to_vec() };
            tables.push(Table { heading, columns, rows: Vec::new() });
        }
        tables.last_mut().expect("pushed").rows.push(cells(row));
    }
    tables
}

/// What the rows of a table have in common.
pub(crate) fn heading(row: &Row, unit: &str) -> String {
    let what = match row.kind {
        Kind::RoundTrip => "Round trip",
        Kind::Throughput => "Throughput",
        Kind::OpenLoop => "Open loop",
        Kind::Clients => "Many clients",
    };
    let Row { size, wait, cpus, ping_cpu, pong_cpu, .. } = row;
    let size = bytes(*size);
    format!(
        "{what}, {size}, wait {wait}, cpus {cpus} (ping on CPU {ping_cpu}, pong on CPU {pong_cpu}); {unit}"
    )
}

/// A length for people: `64 bytes`, `4 KiB`.
#[must_use]
pub fn bytes(size: usize) -> String {
    let name = size_name(size);
    match name.strip_suffix(['K', 'M']) {
        Some(number) => format!("{number} {}iB", &name[number.len()..]),
        None if size == 1 => "1 byte".into(),
        None => format!("{name} bytes"),
    }
}

fn cells(row: &Row) -> Vec<String> {
    let mut cells = vec![row.mechanism.clone(), row.variant.clone(), grouped(row.count)];
    if let Some(Latency { min, p50, p90, p99, p999, max, mean, .. }) = &row.rtt_ns {
        cells.extend([*min, *p50, *p90, *p99, *p999, *max].map(|time| microseconds(time as f64)));
        cells.push(microseconds(*mean));
    }
    if let (Some(messages), Some(bytes)) = (row.messages_per_s, row.bytes_per_s) {
        cells.extend([grouped(messages.round() as u64), format!("{:.1}", bytes / 1e6)]);
    }
    cells
}

fn microseconds(nanoseconds: f64) -> String {
    format!("{:.2}", nanoseconds / 1e3)
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// The whole document as text.
#[must_use]
pub fn text(document: &Document) -> String {
    let mut text = String::new();
    for table in tables(document).into_iter().chain(floor_table::tables(document)) {
        let _ = writeln!(text, "{}\n{}\n", table.heading, table.text()); // a String takes everything
    }
    not_measured(&mut text, "Skipped:", &document.skipped);
    not_measured(&mut text, "Failed:", &document.failed);
    text.push_str("Measured on:\n");
    for (name, value) in document.environment.lines() {
        let _ = writeln!(text, "  {name}: {value}");
    }
    text
}

fn not_measured(text: &mut String, title: &str, cases: &[NotMeasured]) {
    if cases.is_empty() {
        return;
    }
    let _ = writeln!(text, "{title}");
    for case in cases {
        let _ = writeln!(text, "  {case}");
    }
    text.push('\n');
}

impl Table {
    /// As text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut grid = grid(PLAIN, &self.columns, &self.rows);
        for column in grid.column_iter_mut().skip(LABELS) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        grid.trim_fmt()
    }
}

/// One line, below the header.
pub(crate) const PLAIN: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A grid in one of the styles of `comfy_table`.
pub(crate) fn grid(style: TableStyle, columns: &[&str], rows: &[Vec<String>]) -> Grid {
    let mut grid = Grid::new();
    grid.load_style(style).set_header(columns.to_vec()).add_rows(rows.to_vec());
    grid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(
            [0, 12, 123, 1234, 123_456, 1_234_567].map(grouped).join(" "),
            "0 12 123 1,234 123,456 1,234,567"
        );
    }

    #[test]
    fn lengths_are_written_out() {
        assert_eq!(
            [1, 64, 1024, 65536, 1 << 20].map(bytes).join(", "),
            "1 byte, 64 bytes, 1 KiB, 64 KiB, 1 MiB"
        );
    }
}
