//! Messages at a rate: the open loop, and streams.

use maud::{Markup, html};

use super::{columns, folded, titled, who};
use crate::present::report::charts::open_loop;
use crate::present::report::data::{Data, Setting, micro, sign, way};
use crate::present::report::html::{Cell, HtmlTable};
use crate::results::case::Kind;
use crate::results::row::Row;
use crate::results::units::grouped;

/// Returns a table of the open loop beside the closed one for each setting and rate, all but the first folded.
pub(crate) fn open_loops(data: &Data) -> Markup {
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
pub(crate) fn streams(data: &Data) -> HtmlTable {
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
