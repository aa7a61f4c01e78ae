//! The tables that `--floor` adds: each row beside its baseline, how both grow, and what the machine can do at best.

use std::fmt::Write as _;

use crate::present::text_table::{TextTable, heading};
use crate::results::case::Kind;
use crate::results::document::Document;
use crate::results::growth::Growth;
use crate::results::limits::{Copying, MachineLimits};
use crate::results::quartiles::Quartiles;
use crate::results::row::{Rounds, Row};
use crate::results::units::{bytes, grouped, in_batches, size_name};

const COLUMNS: [&str; 10] = [
    "mechanism",
    "variant",
    "by",
    "rounds",
    "p25",
    "median",
    "p75",
    "floor_ratio",
    "middle half",
    "suite / this",
];

/// The units of a stream's median.
const RATES: [&str; 2] = ["messages per second", "megabytes per second"];

/// Returns one table for each kind, wait strategy and size that was played beside its baseline, and one of how they
/// grow.
#[must_use]
pub fn tables(document: &Document) -> Vec<TextTable> {
    let mut tables: Vec<TextTable> = Vec::new();
    // Beside other libraries there is no floor: see `others.rs`.
    let rows = if document.has_others() { &[] } else { document.results.as_slice() };
    for row in rows.iter().filter(|row| played(row).is_some()) {
        let what = match row.kind {
            Kind::RoundTrip | Kind::OpenLoop => "microseconds a round trip",
            Kind::Throughput | Kind::Stream | Kind::Clients => {
                "microseconds a message; 1 megabyte = 1,000,000 bytes"
            }
        };
        let heading = heading(row, &format!("beside its floor, in rounds that take turns: {what}"));
        if tables.last().is_none_or(|table| table.heading != heading) {
            let rates: &[_] = if row.kind == Kind::Throughput { &RATES } else { &[] };
            tables.push(TextTable { heading, columns: [&COLUMNS, rates].concat(), rows: Vec::new() });
        }
        tables.last_mut().expect("pushed").rows.push(cells(row));
    }
    tables.extend(growth(&document.growth));
    tables
}

fn cells(row: &Row) -> Vec<String> {
    let by = match row.piece {
        Some(piece) => format!("{}, {} at once", row.implementation, size_name(piece)),
        None => row.implementation.clone(),
    };
    let mut cells = vec![row.mechanism.clone(), row.variant.clone(), by];
    if let Some(rounds) = played(row) {
        let Quartiles { p25, median, p75 } = rounds.ns;
        cells.push(grouped(rounds.count as u64));
        cells.extend([p25, median, p75].map(|ns| format!("{:.3}", ns / 1e3)));
    }
    let ratio = |ratio: Option<f64>| ratio.map_or_else(String::new, |ratio| format!("{ratio:.3}"));
    let spread = row.floor_ratio_spread.map(|[low, high]| format!("{low:.3} to {high:.3}"));
    cells.extend([ratio(row.floor_ratio), spread.unwrap_or_default()]);
    // For the baseline, this ratio has just been given.
    let others = row.suite_ratio.filter(|_| row.implementation != "floor");
    cells.push(ratio(others));
    if let (Kind::Throughput, Some(rounds)) = (row.kind, played(row)) {
        let messages = 1e9 / rounds.ns.median;
        cells.extend([grouped(messages as u64), format!("{:.1}", messages * row.size as f64 / 1e6)]);
    }
    cells
}

/// Returns the rounds of an implementation played beside the suite, or those of the suite beside its baseline.
fn played(row: &Row) -> Option<&Rounds> {
    if row.implementation == "suite" { row.beside_floor.as_ref() } else { row.rounds.as_ref() }
}

const GROWTH_COLUMNS: [&str; 8] = ["mechanism", "variant", "from", "to", "suite", "floor", "ratio", "steep"];

fn growth(steps: &[Growth]) -> Vec<TextTable> {
    let mut tables: Vec<TextTable> = Vec::new();
    for step in steps {
        let Growth { mechanism, variant, from, to, suite, floor, ratio, .. } = step;
        let heading = format!(
            "Growth, {}{}, wait {}, cpus {}: time at to / time at from; ! > 1.1",
            step.kind.words(),
            in_batches(step.flush_every),
            step.wait,
            step.cpus
        );
        let mut row = vec![mechanism.clone(), variant.clone(), bytes(*from), bytes(*to)];
        row.extend([suite, floor, ratio].map(|number| format!("{number:.3}")));
        row.push(if step.is_steep() { "!" } else { "" }.into());
        let at = tables.iter().position(|table| table.heading == heading).unwrap_or_else(|| {
            tables.push(TextTable { heading, columns: GROWTH_COLUMNS.to_vec(), rows: Vec::new() });
            tables.len() - 1
        });
        tables[at].rows.push(row);
    }
    for table in &mut tables {
        table.rows.sort_by_cached_key(|row| row[..2].to_vec()); // a stable sort: the sizes stay in order
    }
    tables
}

/// Returns the limits, one per line.
#[must_use]
pub fn limits(limits: &MachineLimits) -> String {
    let mut text = String::from("The limits of this machine:\n");
    let handover = limits.handover_ns.map_or_else(
        || "not measured: both processes run on one core".to_owned(),
        |Quartiles { p25, median, p75 }| format!("{median:.0} ns (middle half {p25:.0} to {p75:.0})"),
    );
    let _ = writeln!(text, "  core to core, one cache line, one way: {handover}"); // writing to a String cannot fail
    for Copying { in_cache, buffer, bytes_per_s } in &limits.memcpy {
        let Quartiles { p25, median, p75 } = *bytes_per_s;
        let [low, middle, high] = [p25, median, p75].map(|bytes| bytes / 1e9);
        let place = if *in_cache { "in the cache" } else { "out of the cache" };
        let _ = writeln!(
            text,
            "  memcpy {place}, {} at once: {middle:.1} GB/s (middle half {low:.1} to {high:.1}; 1 GB = 1,000,000,000 bytes)",
            bytes(*buffer)
        );
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps of one mechanism stand together, in the order of the sizes; batches have a table of their own.
    #[test]
    fn steps_that_are_steep_are_marked() {
        let step = |mechanism: &str, from: usize, flush_every, ratio| Growth {
            mechanism: mechanism.into(),
            variant: "v".into(),
            kind: Kind::Throughput,
            wait: "spin".into(),
            cpus: "same".into(),
            flush_every,
            from,
            to: 4 * from,
            suite: 4.0,
            floor: 4.0 / ratio,
            ratio,
        };
        let steps = [
            step("pipe", 64, 1, 1.25),
            step("fifo", 64, 1, 1.0),
            step("pipe", 256, 1, 0.5),
            step("pipe", 64, 1000, 1.6),
        ];
        let [alone, batched] = &growth(&steps)[..] else { panic!("two tables") };
        let expected = [
            ["fifo", "v", "64 bytes", "256 bytes", "4.000", "4.000", "1.000", ""],
            ["pipe", "v", "64 bytes", "256 bytes", "4.000", "3.200", "1.250", "!"],
            ["pipe", "v", "256 bytes", "1 KiB", "4.000", "8.000", "0.500", ""],
        ];
        assert_eq!(alone.rows, expected);
        assert!(alone.heading.starts_with("Growth, throughput, wait spin, cpus same:"), "{}", alone.heading);
        let [of_batches] = &batched.rows[..] else { panic!("{:?}", batched.rows) };
        assert_eq!(of_batches[6..], ["1.600", "!"]);
        assert!(
            batched.heading.starts_with("Growth, throughput, batches of 1,000, wait"),
            "{}",
            batched.heading
        );
    }
}
