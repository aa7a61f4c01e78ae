//! The results as tables. The page shows the same ones.

mod baseline;
mod cost;

use std::fmt::Write as _;

use crate::present::grid;
use crate::present::text_table::{TextTable, heading, microseconds};
use crate::results::case::Kind;
use crate::results::document::{Document, NotMeasured};
use crate::results::latency::Latency;
use crate::results::row::Row;
use crate::results::statistics;
use crate::results::units::grouped;

const ROUND_TRIP: [&str; 12] = with_times("one-way p50");
const OPEN_LOOP: [&str; 12] = with_times("service p99");
const THROUGHPUT: [&str; 6] =
    ["mechanism", "variant", "count", "messages per second", "megabytes per second", "rounds"];
const CLIENTS: [&str; 11] = [
    "mechanism",
    "variant",
    "processes",
    "count",
    "requests per second",
    "p50",
    "p99",
    "max",
    "fewest, middle, most of a client",
    "fairness",
    "rounds",
];

/// Returns the columns of a table of times, of which `another` is a further one.
const fn with_times(another: &'static str) -> [&'static str; 12] {
    ["mechanism", "variant", "count", "min", "p50", "p90", "p99", "p99.9", "max", "mean", another, "rounds"]
}

/// Returns the tables of a document: figures, costs, and those beside their baselines.
#[must_use]
pub fn all(document: &Document) -> Vec<TextTable> {
    let mut all = tables(document);
    all.extend(cost::tables(document));
    all.extend(baseline::tables(document));
    all
}

/// Returns the tables of figures: one for each kind, wait strategy and size.
#[must_use]
pub fn tables(document: &Document) -> Vec<TextTable> {
    let mut tables: Vec<TextTable> = Vec::new();
    for row in document.results.iter().filter(|row| row.implementation == "suite") {
        let (unit, columns) = match row.kind {
            Kind::RoundTrip => ("times in microseconds", &ROUND_TRIP[..]),
            Kind::OpenLoop => ("times in microseconds, from when each was meant to start", &OPEN_LOOP[..]),
            Kind::Throughput => ("1 megabyte = 1,000,000 bytes", &THROUGHPUT[..]),
            Kind::Clients => ("times in microseconds", &CLIENTS[..]),
        };
        let heading = heading(row, unit);
        if tables.last().is_none_or(|table| table.heading != heading) {
            tables.push(TextTable { heading, columns: columns.to_vec(), rows: Vec::new() });
        }
        tables.last_mut().expect("pushed").rows.push(cells(row));
    }
    tables
}

fn cells(row: &Row) -> Vec<String> {
    if row.kind == Kind::Clients {
        return cells_of_clients(row);
    }
    let mut cells = vec![row.mechanism.clone(), row.variant.clone(), grouped(row.count)];
    match row.kind {
        Kind::RoundTrip | Kind::OpenLoop => {
            let times = row.rtt_ns.as_ref();
            let at = |figure: fn(&Latency) -> f64| times.map(figure).map(microseconds).unwrap_or_default();
            cells.extend([
                at(|times| times.min as f64),
                at(|times| times.p50 as f64),
                at(|times| times.p90 as f64),
                at(|times| times.p99 as f64),
                at(|times| times.p999 as f64),
                at(|times| times.max as f64),
                at(|times| times.mean),
            ]);
            let beside = match row.kind {
                Kind::OpenLoop => row.service_ns.as_ref().map(|times| times.p99),
                _ => row.one_way_ns.as_ref().map(|times| times.p50),
            };
            cells.push(beside.map(|time| microseconds(time as f64)).unwrap_or_default());
        }
        Kind::Throughput | Kind::Clients => {
            cells.push(
                row.messages_per_s.map(|messages| grouped(messages.round() as u64)).unwrap_or_default(),
            );
            cells.push(row.bytes_per_s.map(|bytes| format!("{:.1}", bytes / 1e6)).unwrap_or_default());
        }
    }
    cells.push(agreement(row));
    cells
}

/// Returns the cells of a row for many clients of one server.
fn cells_of_clients(row: &Row) -> Vec<String> {
    let time = |figure: fn(&Latency) -> u64| {
        row.rtt_ns.as_ref().map(|times| microseconds(figure(times) as f64)).unwrap_or_default()
    };
    let shares = row.fairness.map(|fairness| [fairness.min, fairness.median, fairness.max].map(grouped));
    vec![
        row.mechanism.clone(),
        row.variant.clone(),
        row.client_processes.map(|number| number.to_string()).unwrap_or_default(),
        grouped(row.count),
        row.messages_per_s.map(|requests| grouped(requests.round() as u64)).unwrap_or_default(),
        time(|times| times.p50),
        time(|times| times.p99),
        time(|times| times.max),
        shares.map(|shares| shares.join("  ")).unwrap_or_default(),
        row.fairness.map(|fairness| format!("{:.3}", fairness.index)).unwrap_or_default(),
        agreement(row),
    ]
}

/// Returns the spread of the middle half of the rounds, and whether it is too wide to trust the figure.
fn agreement(row: &Row) -> String {
    let Some(rounds) = &row.rounds else { return String::new() };
    let spread = format!("{:.0} %", rounds.spread * 100.0);
    if rounds.agree { spread } else { format!("UNSTABLE {spread}") }
}

/// Returns the whole document as text, no wider than `width` if given.
#[must_use]
pub fn text(document: &Document, width: Option<u16>) -> String {
    let mut text = String::new();
    for table in all(document) {
        let _ = writeln!(text, "{}\n{}\n", table.heading, table.text(width)); // writing to a String cannot fail
    }
    if let Some(limits) = &document.limits {
        text.push_str(&baseline::limits(limits));
    }
    for note in notes(document) {
        let _ = writeln!(text, "Note: {note}\n");
    }
    not_measured(&mut text, "Skipped:", &document.skipped);
    not_measured(&mut text, "Failed:", &document.failed);
    text.push_str("Measured on:\n");
    for (name, value) in document.environment.lines() {
        let _ = writeln!(text, "  {name}: {value}");
    }
    let _ = writeln!(text, "  one reading of the clock: {:.0} ns", document.clock_cost_ns);
    grid::lines(&text, width)
}

/// Returns the notes to show beside the figures.
pub(crate) fn notes(document: &Document) -> Vec<String> {
    let mut notes = document.notes.clone();
    if !document.complete {
        notes.push("the run was ended early: rows have fewer rounds, or are missing".into());
    }
    let unstable = document.results.iter().filter(|row| row.is_unstable()).count();
    if unstable > 0 {
        let percent = statistics::AGREEMENT * 100.0;
        notes.push(format!(
            "{unstable} of {} rows are unstable: the middle half of their rounds spreads over more than {percent:.0} % of the \
             median; `ipc-bench doctor` looks for what disturbs",
            document.results.len()
        ));
    }
    let checked = document.verified.iter().flatten();
    let wrong = checked.clone().filter(|verified| verified.error.is_some()).count();
    match checked.map(|verified| verified.messages).reduce(|a, b| a + b) {
        Some(messages) if wrong == 0 => {
            notes.push(format!("{} messages checked: all right", grouped(messages)));
        }
        Some(messages) => {
            notes.push(format!("{} messages checked: {wrong} rows had WRONG ones", grouped(messages)));
        }
        None => {}
    }
    notes
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
