//! What `--floor` adds: each row beside its floor, others beside the suite, and how both grow.

use super::{columns, who};
use crate::present::report::data::{Data, Setting, micro, named};
use crate::present::report::html::{Cell, HtmlTable};
use crate::results::growth::Growth;
use crate::results::row::Row;
use crate::results::units::{bytes, in_batches, size_name};

/// Returns the table of each row beside its baseline.
pub(crate) fn baseline(data: &Data) -> HtmlTable {
    let of_baseline = |row: &Row| {
        let same = |other: &&Row| {
            other.implementation == "floor"
                && (&other.mechanism, &other.variant, &other.wait, &other.cpus)
                    == (&row.mechanism, &row.variant, &row.wait, &row.cpus)
                && (other.kind, other.size, other.flush_every) == (row.kind, row.size, row.flush_every)
        };
        data.document.results.iter().find(same)
    };
    let line = |row: &&Row| {
        let ratio = row.floor_ratio?;
        let mut line = who(row);
        line.push(Setting::of(row).name().into());
        line.push(row.kind.words().into());
        line.push(row.beside_floor.as_ref().map(|rounds| micro(rounds.ns.median)).into());
        let bare = of_baseline(row);
        let time = bare.and_then(|row| row.rounds.as_ref()).map(|rounds| micro(rounds.ns.median));
        let piece = bare.and_then(|row| row.piece).map(|piece| format!("{} at once", size_name(piece)));
        line.push(Cell { aside: piece.unwrap_or_default(), ..time.into() });
        line.push(format!("{ratio:.2}").into());
        let spread = row.floor_ratio_spread.map(|[low, high]| format!("{low:.2} to {high:.2}"));
        line.push(spread.into());
        Some(line)
    };
    let names =
        ["mechanism", "size", "setting", "kind", "suite, µs", "floor, µs", "ratio", "its middle half"];
    HtmlTable {
        label: "Each row beside its floor".into(),
        columns: columns(&names),
        labels: 4,
        rows: data.rows.iter().filter_map(line).collect(),
        ..HtmlTable::default()
    }
}

/// Returns the table of the other implementations that played in the suite's rounds.
pub(crate) fn others(data: &Data) -> HtmlTable {
    let names =
        ["mechanism", "size", "setting", "kind", "by", "its time, µs", "suite / this", "its middle half"];
    let rows = if data.document.has_others() { &[] } else { data.document.results.as_slice() };
    let other = |row: &&Row| !matches!(row.implementation.as_str(), "suite" | "floor");
    let line = |row: &Row| {
        let ratio = row.suite_ratio?;
        let mut line = who(row);
        line.push(Setting::of(row).name().into());
        line.push((row.kind.words() + &in_batches(row.flush_every)).into());
        line.push(row.implementation.replace('_', " ").into());
        line.push(row.rounds.as_ref().map(|rounds| micro(rounds.ns.median)).into());
        line.push(format!("{ratio:.2}").into());
        let spread = row.suite_ratio_spread.map(|[low, high]| format!("{low:.2} to {high:.2}"));
        line.push(spread.into());
        Some(line)
    };
    HtmlTable {
        label: "Others beside the suite: above 1, this one is quicker than the suite".into(),
        columns: columns(&names),
        labels: 5,
        rows: rows.iter().filter(other).filter_map(line).collect(),
        ..HtmlTable::default()
    }
}

/// Returns the growth of the time with the size, for the suite and for the baseline.
pub(crate) fn growth(data: &Data) -> HtmlTable {
    let names = ["mechanism", "from", "to", "setting", "kind", "suite", "floor", "ratio"];
    let line = |step: &Growth| {
        let mut line: Vec<Cell> = vec![
            named(&step.mechanism, &step.variant).into(),
            bytes(step.from).into(),
            bytes(step.to).into(),
            Setting { wait: step.wait.clone(), cpus: step.cpus.clone() }.name().into(),
            (step.kind.words() + &in_batches(step.flush_every)).into(),
        ];
        line.extend([step.suite, step.floor].map(|factor| format!("{factor:.2}").into()));
        let steep = if step.is_steep() { "steep" } else { "" };
        line.push(Cell { aside: steep.into(), ..format!("{:.2}", step.ratio).into() });
        line
    };
    HtmlTable {
        label: "Growth: time for the larger size / time for the smaller one; steep is beyond 1.1".into(),
        columns: columns(&names),
        labels: 5,
        rows: data.document.growth.iter().map(line).collect(),
        ..HtmlTable::default()
    }
}
