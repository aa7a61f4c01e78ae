//! Many clients of one server: how many requests are answered per second, and how evenly.

use super::axis::Axis;
use super::dots::{Dot, Dots, Look, Row as DotRow};
use super::figure::{Figure, Plot, View};
use super::lines::{Line, Lines, Point};
use super::records::{columns, doubt, put, sorted, who};
use crate::present::report::data::{Data, Setting, figure, micro, way};
use crate::present::report::html::{Cell, HtmlTable};
use crate::present::report::tables;
use crate::results::case::Kind;
use crate::results::latency::Latency;
use crate::results::row::Row;
use crate::results::units::{bytes, clients, grouped};

/// The text before the chart.
pub(crate) const SAYS: &str = "One server process answers all clients, each with one request under way. Fairness is Jain's index of their counts: 1 if \
     all got the same, 1/n if one of n got everything. Clients run as threads sleep each by itself, as separate programs \
     do; multiplexed, one thread sleeps for all of a process. Times are from a client's request to its answer, all clients together.";

/// Returns the figure of the requests answered by one server of many clients.
pub(crate) fn chart(data: &Data) -> Figure {
    let rows = || data.kind(Kind::Clients);
    let name = |row: &Row| {
        let way = row.clients_run.map(|way| format!(" · clients {}", way.name()));
        format!("{} · {}{}", Setting::of(row).name(), bytes(row.size), way.unwrap_or_default())
    };
    let mut views: Vec<(String, Vec<Line>)> = Vec::new();
    for row in rows() {
        let Some(messages) = row.messages_per_s else { continue };
        let (number, rate) = (clients(row.clients), figure(messages));
        let text = format!("{}, {number}: {rate} requests/s{}", way(row), doubt(row));
        let at = views.iter().position(|(view, _)| *view == name(row)).unwrap_or_else(|| {
            views.push((name(row), Vec::new()));
            views.len() - 1
        });
        put(&mut views[at].1, row, Point::new(row.clients as f64, messages, text));
    }
    let line = |row: &Row| {
        let fairness = row.fairness.map(|fair| {
            let [min, median, max] = [fair.min, fair.median, fair.max].map(|count| count.to_string());
            [min, median, max, fair.index.to_string()]
        });
        let run = row.clients_run.map_or("", |way| way.name()).to_owned();
        let rate = vec![row.clients.to_string(), run, row.messages_per_s?.to_string()];
        Some([who(row), rate, fairness.unwrap_or_default().into()].concat())
    };
    Figure {
        id: "clients",
        title: "Many clients of one server".into(),
        hint: "Requests of all clients together that were answered in a second: more is better.".into(),
        views: views.into_iter().map(|(name, lines)| View { name, plot: plot(lines) }).collect(),
        data: (
            columns(&["clients", "clients_run", "requests_per_s", "fewest", "median", "most", "fairness"]),
            rows().filter_map(line).collect(),
        ),
    }
}

const RATE: &str = "requests a second";

/// Returns the rates by the number of clients; of a single number as dots.
fn plot(lines: Vec<Line>) -> Plot {
    let mut numbers: Vec<_> =
        lines.iter().flat_map(|line| &line.points).map(|point| point.x as usize).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let &[number] = &numbers[..] else {
        let x = Axis::of_steps("clients", numbers, |count| grouped(count as u64));
        return Plot::Lines(Lines::new(x, RATE, sorted(lines), Vec::new()));
    };
    let dot = |point: Point| Dot {
        look: 0,
        x: point.y,
        interval: None,
        figure: figure(point.y),
        text: point.text,
        unstable: point.unstable,
    };
    let row = |line: Line| DotRow { series: line.series, dots: line.points.into_iter().map(dot).collect() };
    let mut rows: Vec<_> = lines.into_iter().map(row).collect();
    let rate = |row: &DotRow| row.dots.first().map_or(0.0, |dot| dot.x);
    rows.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
    Plot::Dots(Dots::new(RATE, vec![Look { name: clients(number), style: 0 }], rows))
}

/// Returns the table of many clients, and of the fairness between them.
pub(crate) fn table(data: &Data) -> HtmlTable {
    let line = |row: &Row| {
        let mut line = tables::who(row);
        line.push(Setting::of(row).name().into());
        line.push(grouped(row.clients as u64).into());
        line.push(row.clients_run.map(|way| way.name().to_owned()).into());
        line.push(row.client_processes.map(|number| number.to_string()).into());
        line.push(row.messages_per_s.map(figure).into());
        let time = |figure: fn(&Latency) -> u64| -> Cell {
            row.rtt_ns.as_ref().map(|times| micro(figure(times) as f64)).into()
        };
        line.extend([time(|times| times.p50), time(|times| times.p99), time(|times| times.max)]);
        let fair =
            row.fairness.map(|fair| [fair.min, fair.median, fair.max].map(|count| grouped(count).into()));
        line.extend(fair.unwrap_or_else(|| ["–", "–", "–"].map(Cell::from)));
        line.push(row.fairness.map(|fair| format!("{:.3}", fair.index)).into());
        line
    };
    let names = [
        "mechanism",
        "size",
        "setting",
        "clients",
        "run as",
        "processes",
        "a second",
        "p50",
        "p99",
        "max",
        "fewest",
        "median",
        "most",
        "fairness",
    ];
    let groups = [("", 6), ("requests", 1), ("times in µs", 3), ("requests of a client", 4)];
    HtmlTable {
        label: "Many clients of one server".into(),
        groups: groups.map(|(name, columns)| (name.to_owned(), columns)).into(),
        columns: tables::columns(&names),
        labels: 3,
        rows: data.kind(Kind::Clients).map(line).collect(),
        class: "dense",
        ..HtmlTable::default()
    }
}
