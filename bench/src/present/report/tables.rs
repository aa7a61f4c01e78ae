//! The tables: the figures of all charts, and more.

use maud::{Markup, html};

use super::charts::open_loop;
use super::data::{Data, Setting, figure, micro, named, sign, spread, way};
use super::html::{Cell, HtmlTable, list};
use crate::results::case::Kind;
use crate::results::cost::Cost;
use crate::results::growth::Growth;
use crate::results::latency::Latency;
use crate::results::row::{Row, RowKey};
use crate::results::units::{bytes, grouped, size_name};

pub(super) fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Returns a table folded under a line that opens it; nothing if it has no rows.
fn folded(table: &HtmlTable) -> Markup {
    html! { @if !table.rows.is_empty() { details { summary { (table.label) } (table) } } }
}

/// Returns the mechanism and the variant of a row, in two cells.
pub(super) fn who(row: &Row) -> Vec<Cell> {
    vec![Cell { aside: sign(row).into(), ..way(row).into() }, bytes(row.size).into()]
}

/// Returns one table for each kind and setting.
pub(super) fn figures(data: &Data) -> Markup {
    let table = |kind, setting: &Setting| {
        let rows: Vec<_> = data.under(kind, setting).collect();
        let (word, unit, table) = match kind {
            Kind::RoundTrip => ("Round trip", "microseconds", times(&rows)),
            _ => ("Throughput", "1 MB = 1,000,000 bytes", rates(&rows)),
        };
        let cpus =
            rows.first().map(|row| format!("ping on CPU {}, pong on CPU {}", row.ping_cpu, row.pong_cpu));
        let label = format!("{word}, {} ({}); {unit}", setting.name(), cpus.unwrap_or_default());
        HtmlTable { label, ..table }
    };
    html! {
        @for kind in [Kind::RoundTrip, Kind::Throughput] {
            @for setting in &data.settings { (folded(&table(kind, setting))) }
        }
    }
}

fn times(rows: &[&Row]) -> HtmlTable {
    let names = [
        "mechanism",
        "size",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
        "min",
        "mean",
        "its 95 % interval",
        "one way p50",
        "count",
        "timed together",
    ];
    let line = |row: &&Row| {
        let Latency { min, p50, p90, p99, p999, max, mean, mean_interval, .. } = row.rtt_ns.as_ref()?;
        let mut line = who(row);
        line.extend([p50, p90, p99, p999, max, min].map(|time| micro(*time as f64).into()));
        line.push(micro(*mean).into());
        let interval = mean_interval.map(|[low, high]| format!("{} to {}", micro(low), micro(high)));
        line.push(interval.into());
        let one_way = row.one_way_ns.as_ref().map(|times| micro(times.p50 as f64));
        line.push(one_way.into());
        line.extend([row.count, row.batch.unwrap_or(1)].map(|number| grouped(number).into()));
        Some(line)
    };
    HtmlTable {
        columns: columns(&names),
        labels: 2,
        rows: rows.iter().filter_map(line).collect(),
        ..HtmlTable::default()
    }
}

fn rates(rows: &[&Row]) -> HtmlTable {
    let names = ["mechanism", "size", "MB a second", "messages a second", "spread of the rounds", "count"];
    let line = |row: &&Row| {
        let mut line = who(row);
        line.push(figure(row.bytes_per_s? / 1e6).into());
        line.push(grouped(row.messages_per_s?.round() as u64).into());
        let spread = row.rounds.as_ref().map(|rounds| format!("{:.1} %", rounds.spread * 100.0));
        line.push(spread.into());
        line.push(grouped(row.count).into());
        Some(line)
    };
    HtmlTable {
        columns: columns(&names),
        labels: 2,
        rows: rows.iter().filter_map(line).collect(),
        ..HtmlTable::default()
    }
}

/// Returns the cost of a message on both sides: of short ones first, then of all, for each kind and setting.
pub(super) fn costs(data: &Data) -> Markup {
    let table = |what: &str, setting: &Setting, rows: Vec<&Row>| HtmlTable {
        label: format!("Cost of {what}, {}; CPU time in microseconds", setting.name()),
        ..cost(&rows)
    };
    let short = data.under(Kind::RoundTrip, &data.usual).filter(|row| row.size == data.short);
    html! {
        (titled(&table(&format!("a round trip of {}", bytes(data.short)), &data.usual, short.collect())))
        @for (kind, what) in [(Kind::RoundTrip, "a round trip"), (Kind::Throughput, "a message")] {
            @for setting in &data.settings {
                (folded(&table(&format!("{what} of any size"), setting, data.under(kind, setting).collect())))
            }
        }
    }
}

fn cost(rows: &[&Row]) -> HtmlTable {
    let energy = rows.iter().any(|row| row.energy_nj.is_some());
    let side = ["user", "system", "sleeps", "preempted", "faults", "calls"];
    let one = |cost: &Cost| {
        let counts =
            [cost.voluntary_switches, cost.involuntary_switches, cost.minor_faults + cost.major_faults];
        let mut cells = vec![micro(cost.user_ns), micro(cost.system_ns)];
        cells.extend(counts.map(figure));
        cells.push(cost.syscalls.map_or_else(|| "–".into(), figure));
        cells.into_iter().map(Cell::from).collect::<Vec<_>>()
    };
    let line = |row: &&Row| {
        let cost = row.cost.as_ref()?;
        let mut line = who(row);
        line.extend(one(&cost.ping));
        line.extend(one(&cost.pong));
        if energy {
            line.push(row.energy_nj.map(figure).into());
        }
        Some(line)
    };
    let mut names = columns(&["mechanism", "size"]);
    names.extend(columns(&side));
    names.extend(columns(&side));
    let mut groups = vec![(String::new(), 2), ("ping, which sends first".into(), 6), ("pong".into(), 6)];
    if energy {
        names.push("energy in nJ".into());
        groups.push(("both".into(), 1));
    }
    let rows = rows.iter().filter_map(line).collect();
    HtmlTable { groups, columns: names, labels: 2, rows, class: "dense", ..HtmlTable::default() }
}

/// Returns a table of the open loop beside the closed one for each setting and rate, all but the first folded.
pub(super) fn open_loops(data: &Data) -> Markup {
    let tables: Vec<_> = open_loop::names(data).iter().map(|name| open_loop(data, name)).collect();
    html! {
        @for table in tables.iter().take(1) { (titled(table)) }
        @for table in tables.iter().skip(1) { (folded(table)) }
    }
}

fn open_loop(data: &Data, name: &str) -> HtmlTable {
    let line = |row: &Row| {
        let fell_behind = if row.fell_behind() { ", which could not keep up" } else { "" };
        let mut line = vec![Cell { aside: sign(row).into(), ..format!("{}{fell_behind}", way(row)).into() }];
        for times in open_loop::times(data, row) {
            let cells = times.map(|times| {
                [times.p50, times.p99, times.p999, times.max].map(|time| micro(time as f64).into())
            });
            line.extend(cells.unwrap_or_else(|| ["–"; 4].map(Cell::from)));
        }
        line
    };
    let mut names = columns(&["mechanism"]);
    for _ in 0..3 {
        names.extend(columns(&["p50", "p99", "p99.9", "max"]));
    }
    let groups = [("", 1), ("closed loop", 4), ("open, from the sending", 4), ("open, as intended", 4)];
    HtmlTable {
        label: format!("Open loop beside closed loop, {name}; microseconds"),
        groups: groups.map(|(name, columns)| (name.to_owned(), columns)).into(),
        columns: names,
        labels: 1,
        rows: data.kind(Kind::OpenLoop).filter(|row| open_loop::name(row) == name).map(line).collect(),
        class: "dense",
        ..HtmlTable::default()
    }
}

/// Returns the table of the streams at a rate.
pub(super) fn streams(data: &Data) -> HtmlTable {
    let line = |row: &Row| {
        let mut line = who(row);
        line.push(Setting::of(row).name().into());
        line.push(row.rate_per_s.map(grouped).into());
        let pacing = row.pacing;
        line.push(pacing.map(|pacing| grouped(pacing.achieved_per_s.round() as u64)).into());
        let times = row.one_way_ns.as_ref().filter(|_| !row.fell_behind());
        let cells = times
            .map(|times| [times.p50, times.p99, times.p999, times.max].map(|time| micro(time as f64).into()));
        line.extend(cells.unwrap_or_else(|| ["–"; 4].map(Cell::from)));
        let late = |late: u64| format!("{:.1} %", late as f64 * 100.0 / row.count.max(1) as f64);
        line.push(match pacing {
            Some(_) if row.fell_behind() => "could not keep up".into(),
            pacing => pacing.map(|pacing| late(pacing.late)).into(),
        });
        line
    };
    let names = ["mechanism", "size", "setting", "planned", "reached", "p50", "p99", "p99.9", "max", "late"];
    let groups = [("", 3), ("messages a second", 2), ("one-way time, µs", 4), ("", 1)];
    HtmlTable {
        label: "Streams at a rate".into(),
        groups: groups.map(|(name, columns)| (name.to_owned(), columns)).into(),
        columns: columns(&names),
        labels: 3,
        rows: data.kind(Kind::Stream).map(line).collect(),
        ..HtmlTable::default()
    }
}

/// Returns the table of the messages that left in batches, each beside the same messages sent by themselves.
pub(super) fn batches(data: &Data) -> HtmlTable {
    let nanoseconds = |row: &Row| row.messages_per_s.map(|messages| figure(1e9 / messages));
    let line = |row: &&Row| {
        let mut line = who(row);
        line.push(Setting::of(row).name().into());
        line.push(row.kind.words().into());
        line.push(grouped(row.flush_every).into());
        let by_itself = RowKey { flush_every: 1, ..row.key() };
        let alone = data.rows.iter().find(|row| row.key() == by_itself);
        line.push(alone.and_then(|row| nanoseconds(row)).into());
        line.push(nanoseconds(row).into());
        line.push(row.one_way_ns.as_ref().map(|times| micro(times.p50 as f64)).into());
        line.push(row.floor_ratio.map(|ratio| format!("{ratio:.2}")).into());
        line
    };
    let names = [
        "mechanism",
        "size",
        "setting",
        "kind",
        "batch",
        "by itself, ns",
        "batched, ns",
        "one way, µs",
        "ratio to floor",
    ];
    HtmlTable {
        label: "Messages in batches: the time of one".into(),
        columns: columns(&names),
        labels: 4,
        rows: data.batched.iter().map(line).collect(),
        ..HtmlTable::default()
    }
}

/// Returns the table of each row beside its baseline.
pub(super) fn baseline(data: &Data) -> HtmlTable {
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
pub(super) fn others(data: &Data) -> HtmlTable {
    let names =
        ["mechanism", "size", "setting", "kind", "by", "its time, µs", "suite / this", "its middle half"];
    let rows = if data.document.has_others() { &[] } else { data.document.results.as_slice() };
    let other =
        |row: &&Row| !matches!(row.implementation.as_str(), "suite" | "floor") && row.flush_every == 1;
    let line = |row: &Row| {
        let ratio = row.suite_ratio?;
        let mut line = who(row);
        line.push(Setting::of(row).name().into());
        line.push(row.kind.words().into());
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
pub(super) fn growth(data: &Data) -> HtmlTable {
    let names = ["mechanism", "from", "to", "setting", "kind", "suite", "floor", "ratio"];
    let line = |step: &Growth| {
        let mut line: Vec<Cell> = vec![
            named(&step.mechanism, &step.variant).into(),
            bytes(step.from).into(),
            bytes(step.to).into(),
            Setting { wait: step.wait.clone(), cpus: step.cpus.clone() }.name().into(),
            step.kind.words().into(),
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

/// Returns a table under its own label; nothing if it has no rows.
pub(super) fn titled(table: &HtmlTable) -> Markup {
    html! { @if !table.rows.is_empty() { h3 { (table.label) } (table) } }
}

/// The number of items above which a list is folded.
const LONG: usize = 12;

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

/// Returns a list, folded if it is long.
pub(super) fn long_list(lines: &[String], what: &str) -> Markup {
    let list = list(lines);
    if lines.len() > LONG {
        html! { details.long { summary { (lines.len()) " " (what) } (list) } }
    } else {
        list
    }
}
