//! All figures: one table for each kind and setting.

use maud::{Markup, html};

use super::{columns, folded, who};
use crate::present::report::data::{Data, Setting, figure, micro};
use crate::present::report::html::{Cell, HtmlTable};
use crate::results::case::Kind;
use crate::results::latency::Latency;
use crate::results::row::Row;
use crate::results::units::grouped;

/// Returns one table for each kind and setting.
pub(crate) fn tables(data: &Data) -> Markup {
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
    table(&names, rows.iter().filter_map(line).collect())
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
    table(&names, rows.iter().filter_map(line).collect())
}

/// Returns a table that begins with the cells of [`who`].
fn table(names: &[&str], rows: Vec<Vec<Cell>>) -> HtmlTable {
    HtmlTable { columns: columns(names), labels: 2, rows, ..HtmlTable::default() }
}
