//! The results of one machine as a table.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table};
use ipc_bench::results::case::Kind;
use ipc_bench::results::document::Document;
use ipc_bench::results::implementation::Implementation;
use ipc_bench::results::row::Row;

use super::BATCH;
use crate::hosts::{STYLE, grouped};

/// Returns a document as text: a table, the conditions, and what was not measured.
#[must_use]
pub fn text(document: &Document) -> String {
    let mut table = Table::new();
    table.load_style(STYLE);
    let batches = format!("{BATCH} at a time");
    table.set_header(["", "wait", "round trip", "one at a time", batches.as_str()]);
    table.add_row(["", "", "µs", "messages/s", "messages/s"]);
    for (name, wait) in lines(document) {
        let of = |kind, flush_every| {
            let is_it = |row: &&Row| {
                (row.kind, row.flush_every) == (kind, flush_every)
                    && (self::name(row), &*row.wait) == (name.clone(), wait)
            };
            document.results.iter().find(is_it)
        };
        let figure = |row: Option<&Row>, of: fn(&Row) -> String| row.map_or_else(|| "–".into(), of);
        table.add_row([
            name.clone(),
            wait.to_owned(),
            figure(of(Kind::RoundTrip, 1), round_trip),
            figure(of(Kind::Throughput, 1), rate),
            figure(of(Kind::Throughput, BATCH), rate),
        ]);
    }
    table.column_iter_mut().skip(2).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    let mut text = String::new();
    if let Some(row) = document.results.first() {
        let Row { size, ping_cpu, pong_cpu, .. } = row;
        let rounds = row.rounds.as_ref().map_or(0, |rounds| rounds.count);
        let _ = writeln!(
            text,
            "{size} bytes; ping on CPU {ping_cpu}, pong on CPU {pong_cpu}; medians of {rounds} rounds or more that took turns\n"
        ); // writing to a String cannot fail
        let _ = writeln!(text, "{}\n", table.trim_fmt());
    }
    for note in &document.notes {
        let _ = writeln!(text, "Note: {note}");
    }
    for (title, cases) in [("Skipped", &document.skipped), ("Refused", &document.failed)] {
        for case in cases {
            let _ = writeln!(text, "{title}: {case}");
        }
    }
    text
}

/// Returns the names and wait strategies of the lines, each once, in the order of the results.
fn lines(document: &Document) -> Vec<(String, &str)> {
    let mut lines = Vec::new();
    for row in &document.results {
        let line = (name(row), row.wait.as_str());
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

fn name(row: &Row) -> String {
    if row.implementation == Implementation::Suite.name() {
        format!("{} {}", row.mechanism, row.variant)
    } else {
        row.implementation.clone()
    }
}

fn round_trip(row: &Row) -> String {
    row.rounds.as_ref().map_or_else(|| "–".into(), |rounds| format!("{:.1}", rounds.ns.median / 1e3))
}

fn rate(row: &Row) -> String {
    row.messages_per_s.map_or_else(|| "–".into(), grouped)
}
