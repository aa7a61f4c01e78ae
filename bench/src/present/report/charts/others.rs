//! Other libraries beside the suite: the time of a message, or of a round trip, by all that played it.

use maud::{Markup, html};

use super::dots::{Dot, Dots, Row as Line};
use super::figure::{Figure, Plot, View};
use super::quantity::look;
use super::records::{columns, doubt, who};
use super::series::Series;
use crate::present::others::{by, exchanges, is_own, median};
use crate::present::report::data::{Data, distinct, figure, named, nth_wait, sign};
use crate::present::report::html::{Cell, HtmlTable};
use crate::present::report::tables;
use crate::results::quartiles::Quartiles;
use crate::results::registry::SIX;
use crate::results::row::Row;
use crate::results::units::{bytes, in_batches};

/// The text before the chart.
pub(crate) const SAYS: &str = "The same exchange between the same two processes, by other libraries and in bare C, in rounds that took \
     turns with the suite's. What a library gives besides speed is not in these figures.";

/// Draws the time of all that played, for each kind, size and placement.
pub(crate) fn chart(data: &Data) -> Figure {
    let rows: Vec<&Row> = exchanges(data.document).concat();
    let setting = |row: &Row| format!("{} · {}", exchange(row, &row.kind.words()), row.cpus);
    let view = |name: String| {
        let here = rows.iter().copied().filter(|row| setting(row) == name).collect::<Vec<_>>();
        View { plot: Plot::Dots(plot(&here)), name }
    };
    let line = |row: &&Row| {
        let Quartiles { p25, median, p75 } = row.rounds.as_ref()?.ns;
        let values = [by(row), row.kind.name().into(), median.to_string(), p25.to_string(), p75.to_string()];
        Some([who(row), values.into()].concat())
    };
    Figure {
        id: "libraries",
        title: "Beside other libraries".into(),
        hint: "Further left is faster. A round trip, or one message of a stream. In colour: this suite. Bars: the middle half \
               of the rounds."
            .into(),
        views: distinct(rows.iter().map(|row| setting(row))).into_iter().map(view).collect(),
        data: (columns(&["by", "kind", "median_ns", "p25_ns", "p75_ns"]), rows.iter().filter_map(line).collect()),
    }
}

/// Returns what was played, after the name of its kind: `Throughput, 64 bytes, batches of 32`.
fn exchange(row: &Row, kind: &str) -> String {
    format!("{kind}, {}{}", bytes(row.size), in_batches(row.flush_every))
}

fn plot(rows: &[&Row]) -> Dots {
    let mut waits = distinct(rows.iter().map(|row| row.wait.as_str()));
    waits.sort_by_key(|wait| nth_wait(wait));
    let mut lines: Vec<Line> = Vec::new();
    for row in rows {
        let Some(rounds) = &row.rounds else { continue };
        let Quartiles { p25, median, p75 } = rounds.ns;
        let dot = Dot {
            look: waits.iter().position(|wait| *wait == row.wait).unwrap_or_default(),
            x: median,
            interval: Some([p25, p75]),
            figure: figure(median),
            text: format!(
                "{}, {}: {} ns ({} to {}){}",
                long_name(row),
                row.wait,
                figure(median),
                figure(p25),
                figure(p75),
                doubt(row)
            ),
            unstable: row.is_unstable(),
        };
        let series = series(row);
        match lines.iter_mut().find(|line| line.series == series) {
            Some(line) => line.dots.push(dot),
            None => lines.push(Line { series, dots: vec![dot] }),
        }
    }
    let best = |line: &Line| line.dots.iter().map(|dot| dot.x).fold(f64::INFINITY, f64::min);
    lines.sort_by(|a, b| best(a).total_cmp(&best(b)));
    Dots::new("ns", waits.into_iter().map(look).collect(), lines)
}

/// Returns the look of a row: that of its mechanism, if it is the suite's, and grey for all others.
fn series(row: &Row) -> Series {
    let own = Series::of(&row.mechanism, &row.variant);
    if row.implementation == "suite" {
        return own;
    }
    let label = if is_own(row) {
        format!("{} {}", own.label, row.implementation.replace('_', " "))
    } else {
        without_versions(&row.implementation)
    };
    let key = format!("{}-{label}", own.key)
        .replace(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-', "_");
    Series { key, label, colour: if is_own(row) { own.colour } else { SIX.len() }, shape: own.shape }
}

/// Returns a name without its version, which the table has: `boost queue` for `boost 1.2 queue`.
fn without_versions(name: &str) -> String {
    let plain = name.split('(').next().unwrap_or_default().trim_end();
    let rest = name.split(')').nth(1).unwrap_or_default();
    let words = plain.split(' ').chain(rest.split(' '));
    words
        .filter(|word| !word.is_empty() && !word.starts_with(|letter: char| letter.is_ascii_digit()))
        .collect::<Vec<_>>()
        .join(" ")
}

fn long_name(row: &Row) -> String {
    let over = named(&row.mechanism, &row.variant);
    if is_own(row) { format!("{}, {over}", by(row)) } else { by(row) }
}

/// Returns a table for each exchange that was played by all.
pub(crate) fn tables(data: &Data) -> Markup {
    let table = |rows: &Vec<&Row>| {
        let first = rows[0];
        let line = |row: &&Row| {
            let Quartiles { p25, p75, .. } = row.rounds.as_ref()?.ns;
            let spread = format!("{} to {}", figure(p25), figure(p75));
            let ratio = row.suite_ratio.map(|ratio| format!("{ratio:.2}"));
            let over = Cell { aside: sign(row).into(), ..named(&row.mechanism, &row.variant).into() };
            Some(vec![by(row).into(), over, figure(median(row)).into(), spread.into(), ratio.into()])
        };
        HtmlTable {
            label: format!(
                "{}, {} · {}; nanoseconds",
                exchange(first, first.kind.title()),
                first.wait,
                first.cpus
            ),
            columns: tables::columns(&["by", "over", "median", "its middle half", "suite / this"]),
            labels: 2,
            rows: rows.iter().filter_map(line).collect(),
            ..HtmlTable::default()
        }
    };
    html! { @for rows in &exchanges(data.document) { (tables::titled(&table(rows))) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_no_version() {
        let labels =
            ["iceoryx2 0.10.0 publish", "C (gcc 12.2.0) unix stream", "zmq 0.10.0 (libzmq 4.3.4)", "x"];
        assert_eq!(labels.map(without_versions), ["iceoryx2 publish", "C unix stream", "zmq", "x"]);
    }
}
