//! The results of two hosts as a table.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

use super::{HostsResults, HostsRow, Medium, WINDOWS, Wire};

/// One line, below the header.
pub(crate) const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Returns the results as text: the rates, the times, and the conditions.
#[must_use]
pub fn text(results: &HostsResults) -> String {
    let mut text = String::new();
    let runs = results.results.iter().map(|row| row.runs.len()).max().unwrap_or(0);
    let _ = writeln!(
        text,
        "{} bytes; median of {runs} {} of {} s, each with fresh processes and connections\n",
        results.size,
        if runs == 1 { "run" } else { "runs" },
        results.each_s
    ); // writing to a String cannot fail
    let rate = |row: &HostsRow| row.messages_per_s.map(grouped);
    let time = |row: &HostsRow| row.messages_per_s.map(|rate| grouped(1e6 / rate));
    let _ = writeln!(text, "Messages acknowledged per second\n{}\n", table(results, rate));
    let _ = writeln!(text, "Time per message, in µs\n{}\n", table(results, time));
    let _ = writeln!(
        text,
        "The sender is on host {}, the receiver and the NATS server are on host {}. The window is the number of messages under \
         way without an acknowledgement. A delay is that of one way: a round trip takes twice as long. Packets are lost in \
         both directions. A figure counts only if all that was sent was received, by number and checksum.",
        results.sender, results.receiver_and_server
    );
    for wire in Wire::ALL {
        if let Some(row) = results.results.iter().find(|row| row.wire == wire) {
            let _ = writeln!(text, "{wire}: over {}", row.wire_kind);
        }
    }
    for row in &results.results {
        if let Some(reason) = &row.refused {
            let _ =
                writeln!(text, "Refused: {}, {}, window {}: {reason}", row.mechanism, row.wire, row.window);
        }
    }
    for skipped in &results.skipped {
        let (mechanism, wire, window) = (skipped.mechanism, skipped.wire, skipped.window);
        let _ = writeln!(text, "Skipped: {mechanism}, {wire}, window {window}: {}", skipped.reason);
    }
    text
}

fn table(results: &HostsResults, cell: impl Fn(&HostsRow) -> Option<String>) -> String {
    let mut table = Table::new();
    table.load_style(STYLE);
    let names = Medium::ALL.map(|medium| medium.to_string());
    table.set_header(["wire".to_owned(), "window".to_owned()].into_iter().chain(names));
    for wire in Wire::ALL {
        for window in WINDOWS {
            let cells = Medium::ALL.map(|medium| {
                let is_it = |row: &&HostsRow| (row.mechanism, row.wire, row.window) == (medium, wire, window);
                let found = results.results.iter().find(is_it);
                found.and_then(&cell).unwrap_or_else(|| "–".into())
            });
            table.add_row([wire.to_string(), window.to_string()].into_iter().chain(cells));
        }
    }
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table.trim_fmt()
}

/// Formats a rate or a time for people: `0.25`, `49.8`, `12,345`.
pub(crate) fn grouped(rate: f64) -> String {
    if rate < 1000.0 {
        let digits = if rate < 1.0 { 2 } else { usize::from(rate < 100.0) };
        return format!("{rate:.digits$}");
    }
    let digits = format!("{rate:.0}");
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}
