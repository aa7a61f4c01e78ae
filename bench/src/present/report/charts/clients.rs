//! Many clients of one server: how many requests are answered per second, and how evenly.

use super::axis::Axis;
use super::chart::Point;
use super::curves::{self, doubt, heights, put, sorted};
use super::figure::{Figure, View};
use crate::present::report::data::{Data, Setting, figure, micro, way};
use crate::present::report::html::{Cell, HtmlTable};
use crate::present::report::tables;
use crate::results::case::Kind;
use crate::results::latency::Latency;
use crate::results::row::Row;
use crate::results::units::{bytes, clients, grouped};

/// The text before the chart.
pub(crate) const SAYS: &str = "One server process answers all clients, each with one request under way. Fairness is Jain's index of their counts: 1 if \
     all got the same, 1/n if one of n got everything. Times are from a client's request to its answer, all clients together.";

/// Returns the figure of the requests answered by one server of many clients.
pub(crate) fn chart(data: &Data) -> Figure {
    let rows = || data.kind(Kind::Clients);
    let name = |row: &Row| format!("{} · {}", Setting::of(row).name(), bytes(row.size));
    let mut views: Vec<View> = Vec::new();
    for row in rows() {
        let Some(messages) = row.messages_per_s else { continue };
        let text =
            format!("{}, {}: {} requests/s{}", way(row), clients(row.clients), figure(messages), doubt(row));
        let at = views.iter().position(|view| view.name == name(row)).unwrap_or_else(|| {
            views.push(View::of(name(row), Vec::new()));
            views.len() - 1
        });
        put(&mut views[at].series, row, Point::new(row.clients as f64, messages, text));
    }
    for view in &mut views {
        view.series = sorted(std::mem::take(&mut view.series));
    }
    let line = |row: &Row| {
        let mut line = curves::who(row);
        line.extend([row.clients.to_string(), row.messages_per_s?.to_string()]);
        let fairness = row.fairness.map(|fair| {
            let [min, median, max] = [fair.min, fair.median, fair.max].map(|count| count.to_string());
            [min, median, max, fair.index.to_string()]
        });
        line.extend(fairness.unwrap_or_default());
        Some(line)
    };
    Figure {
        id: "clients",
        title: "Many clients of one server".into(),
        hint: "Higher is better. Requests of all clients together that were answered in a second.".into(),
        x: Axis::of_steps("clients", rows().map(|row| row.clients), |count| grouped(count as u64)),
        y: Axis::of_values("requests a second (k = 1,000)", heights(&views)),
        views,
        data: (
            curves::columns(&["clients", "requests_per_s", "fewest", "median", "most", "fairness"]),
            rows().filter_map(line).collect(),
        ),
    }
}

/// Returns the table of many clients, and of the fairness between them.
pub(crate) fn table(data: &Data) -> HtmlTable {
    let line = |row: &Row| {
        let mut line = tables::who(row);
        line.push(Setting::of(row).name().into());
        line.push(grouped(row.clients as u64).into());
        line.push(row.client_processes.map_or_else(|| "–".into(), |number| number.to_string()).into());
        line.push(row.messages_per_s.map_or_else(|| "–".into(), figure).into());
        let time = |figure: fn(&Latency) -> u64| -> Cell {
            row.rtt_ns.as_ref().map_or_else(|| "–".into(), |times| micro(figure(times) as f64)).into()
        };
        line.extend([time(|times| times.p50), time(|times| times.p99), time(|times| times.max)]);
        let fair =
            row.fairness.map(|fair| [fair.min, fair.median, fair.max].map(|count| grouped(count).into()));
        line.extend(fair.unwrap_or_else(|| ["–", "–", "–"].map(Cell::from)));
        line.push(row.fairness.map_or_else(|| "–".into(), |fair| format!("{:.3}", fair.index)).into());
        line
    };
    let names = [
        "mechanism",
        "size",
        "setting",
        "clients",
        "in processes",
        "requests a second",
        "p50 µs",
        "p99 µs",
        "max µs",
        "fewest of a client",
        "median",
        "most",
        "fairness",
    ];
    HtmlTable {
        label: "Many clients of one server".into(),
        columns: tables::columns(&names),
        labels: 3,
        rows: data.kind(Kind::Clients).map(line).collect(),
        ..HtmlTable::default()
    }
}
