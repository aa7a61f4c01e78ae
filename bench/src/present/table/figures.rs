//! The figures of each row, as tables: one for each kind, wait strategy, placement and size.

use crate::present::text_table::{TextTable, heading, microseconds, short_heading};
use crate::results::case::Kind;
use crate::results::document::Document;
use crate::results::latency::Latency;
use crate::results::row::Row;
use crate::results::units::{figure, grouped};

/// A column: its name, and the function that fills it from a row.
type Column = (&'static str, fn(&Row) -> String);

const MECHANISM: Column = ("mechanism", |row| row.mechanism.clone());
const VARIANT: Column = ("variant", |row| row.variant.clone());
const COUNT: Column = ("count", |row| grouped(row.count));
const MIN: Column = ("min", |row| time(row, |times| times.min as f64));
const P50: Column = ("p50", |row| time(row, |times| times.p50 as f64));
const P90: Column = ("p90", |row| time(row, |times| times.p90 as f64));
const P99: Column = ("p99", |row| time(row, |times| times.p99 as f64));
const P999: Column = ("p99.9", |row| time(row, |times| times.p999 as f64));
const MAX: Column = ("max", |row| time(row, |times| times.max as f64));
const MEAN: Column = ("mean", |row| time(row, |times| times.mean));
const ROUNDS: Column = ("rounds", |row| agreement(row, "UNSTABLE "));
const SHORT_P50: Column = ("p50", |row| short_time(row, |times| times.p50));
const SHORT_P99: Column = ("p99", |row| short_time(row, |times| times.p99));
const SHORT_MAX: Column = ("max", |row| short_time(row, |times| times.max));
const SHORT_ONE_WAY: Column = ("one-way p50", |row| {
    row.one_way_ns.as_ref().map(|times| figure(times.p50 as f64 / 1e3)).unwrap_or_default()
});
const SHORT_ROUNDS: Column = ("rounds", |row| agreement(row, "! "));
const ONE_WAY: Column = ("one-way p50", |row| {
    row.one_way_ns.as_ref().map(|times| microseconds(times.p50 as f64)).unwrap_or_default()
});
const SERVICE: Column = ("service p99", |row| {
    let times = row.service_ns.as_ref().filter(|_| !row.fell_behind());
    times.map(|times| microseconds(times.p99 as f64)).unwrap_or_default()
});
const ACHIEVED: Column = ("achieved/s", |row| {
    row.pacing.map(|pacing| grouped(pacing.achieved_per_s.round() as u64)).unwrap_or_default()
});
const LATE: Column = ("late", |row| {
    let late = |late: u64| format!("{:.1} %", late as f64 * 100.0 / row.count.max(1) as f64);
    row.pacing.map(|pacing| late(pacing.late)).unwrap_or_default()
});
const SHORT_LATE: Column = ("late", |row| if row.fell_behind() { BEHIND.into() } else { (LATE.1)(row) });
const MESSAGES: Column = ("messages/s", per_second);
const MEGABYTES: Column =
    ("MB/s", |row| row.bytes_per_s.map(|bytes| format!("{:.1}", bytes / 1e6)).unwrap_or_default());
const REQUESTS: Column = ("requests/s", per_second);
const PROCESSES: Column =
    ("processes", |row| row.client_processes.map(|number| number.to_string()).unwrap_or_default());
const SHARES: Column = ("fewest, middle, most of a client", |row| {
    let shares = row.fairness.map(|fairness| [fairness.min, fairness.median, fairness.max].map(grouped));
    shares.map(|shares| shares.join("  ")).unwrap_or_default()
});
const FAIRNESS: Column =
    ("fairness", |row| row.fairness.map(|fairness| format!("{:.3}", fairness.index)).unwrap_or_default());

/// What is said of a row that fell behind its schedule.
const BEHIND: &str = "could not keep up";

/// Returns the columns of a kind: all, or those that fit 80 columns.
const fn columns(kind: Kind, all: bool) -> &'static [Column] {
    match (kind, all) {
        (Kind::RoundTrip, true) => {
            &[MECHANISM, VARIANT, COUNT, MIN, P50, P90, P99, P999, MAX, MEAN, ONE_WAY, ROUNDS]
        }
        (Kind::RoundTrip, false) => {
            &[MECHANISM, VARIANT, SHORT_P50, SHORT_P99, SHORT_MAX, SHORT_ONE_WAY, SHORT_ROUNDS]
        }
        (Kind::OpenLoop, true) => {
            &[MECHANISM, VARIANT, ACHIEVED, COUNT, MIN, P50, P90, P99, P999, MAX, MEAN, SERVICE, LATE, ROUNDS]
        }
        (Kind::Stream, true) => {
            &[MECHANISM, VARIANT, ACHIEVED, COUNT, MIN, P50, P90, P99, P999, MAX, MEAN, LATE, ROUNDS]
        }
        (Kind::OpenLoop | Kind::Stream, false) => {
            &[MECHANISM, VARIANT, ACHIEVED, SHORT_P50, SHORT_P99, SHORT_MAX, SHORT_LATE]
        }
        (Kind::Throughput, true) => &[MECHANISM, VARIANT, COUNT, MESSAGES, MEGABYTES, ROUNDS],
        (Kind::Throughput, false) => &[MECHANISM, VARIANT, MESSAGES, MEGABYTES, SHORT_ROUNDS],
        (Kind::Clients, true) => {
            &[MECHANISM, VARIANT, PROCESSES, COUNT, REQUESTS, P50, P99, MAX, SHARES, FAIRNESS, ROUNDS]
        }
        (Kind::Clients, false) => {
            &[MECHANISM, VARIANT, REQUESTS, SHORT_P50, SHORT_P99, FAIRNESS, SHORT_ROUNDS]
        }
    }
}

/// Returns the tables of figures, with all columns, or with those that fit 80 columns.
pub(super) fn tables(document: &Document, all: bool) -> Vec<TextTable> {
    let mut tables: Vec<TextTable> = Vec::new();
    for row in document.suite() {
        let heading = match (all, row.kind) {
            (true, Kind::RoundTrip | Kind::Clients) => heading(row, "times in microseconds"),
            (true, Kind::OpenLoop) => {
                heading(row, "times in microseconds, from when each was meant to start")
            }
            (true, Kind::Stream) => {
                heading(row, "one-way times in microseconds, from when each was meant to be sent")
            }
            (true, Kind::Throughput) => heading(row, "1 MB = 1,000,000 bytes"),
            (false, Kind::Throughput) => short_heading(row, ""),
            (false, _) => short_heading(row, "; µs"),
        };
        let columns = columns(row.kind, all);
        if tables.last().is_none_or(|table| table.heading != heading) {
            let columns = columns.iter().map(|(name, _)| *name).collect();
            tables.push(TextTable { heading, columns, rows: Vec::new() });
        }
        let cells = columns.iter().map(|(_, cell)| cell(row)).collect();
        tables.last_mut().expect("pushed").rows.push(cells);
    }
    tables
}

/// Returns a time of the row. The times of a queue that grew are left out: they are no latency.
fn time(row: &Row, at: fn(&Latency) -> f64) -> String {
    match times(row) {
        Some(_) if row.fell_behind() => "–".into(),
        Some(times) => microseconds(at(times)),
        None => String::new(),
    }
}

fn short_time(row: &Row, at: fn(&Latency) -> u64) -> String {
    match times(row) {
        Some(_) if row.fell_behind() => "–".into(),
        Some(times) => figure(at(times) as f64 / 1e3),
        None => String::new(),
    }
}

fn times(row: &Row) -> Option<&Latency> {
    if row.kind == Kind::Stream { row.one_way_ns.as_ref() } else { row.rtt_ns.as_ref() }
}

fn per_second(row: &Row) -> String {
    row.messages_per_s.map(|messages| grouped(messages.round() as u64)).unwrap_or_default()
}

/// Returns the spread of the middle half of the rounds, with a mark if it is too wide to trust the figure.
fn agreement(row: &Row, mark: &str) -> String {
    if row.fell_behind() {
        return BEHIND.into();
    }
    let Some(rounds) = &row.rounds else { return String::new() };
    let spread = format!("{:.0} %", rounds.spread * 100.0);
    if rounds.agree { spread } else { format!("{mark}{spread}") }
}
