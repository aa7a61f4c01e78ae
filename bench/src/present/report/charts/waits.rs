//! The dot plots of all ways to wait in one picture: how long a round trip takes, how much gets through, and what it
//! costs.

use super::dots::{Dot, Dots, Look, Row as Line};
use super::figure::{Figure, Plot, View};
use super::records::{columns, doubt, who};
use super::series::Series;
use crate::present::report::data::{self, Data, Measured, figure, way};
use crate::results::case::Kind;
use crate::results::row::Row;
use crate::results::units::bytes;

/// The wait strategies, by increasing cost. Each has a colour and a shape of its own.
const WAITS: [&str; 3] = ["block", "hybrid", "spin"];

/// A quantity of a row, to be drawn in its unit.
pub(super) struct Quantity<'a> {
    pub kind: Kind,
    pub size: usize,
    /// The name of the axis, with the unit.
    pub axis: &'a str,
    /// The value of a row and its interval.
    pub of: fn(&Row) -> Option<Measured>,
    /// The text of a value, with its unit.
    pub says: fn(f64) -> String,
    /// True if the greatest value is the best.
    pub more_is_better: bool,
}

impl Quantity<'_> {
    /// Returns the plot for each placement; the best row is the first, unless an `order` is given.
    pub(super) fn views(&self, data: &Data, order: &[Series]) -> Vec<View> {
        let mut placements: Vec<&str> = data.settings.iter().map(|setting| setting.cpus.as_str()).collect();
        placements.sort_by_key(|cpus| *cpus != data.usual.cpus);
        placements.dedup();
        let view = |cpus: &str| View { name: cpus.into(), plot: Plot::Dots(self.plot(data, cpus, order)) };
        let mut views: Vec<View> = Vec::new();
        for cpus in placements {
            if views.iter().all(|view| view.name != cpus) {
                views.push(view(cpus));
            }
        }
        views
    }

    fn rows<'a>(&self, data: &'a Data) -> impl Iterator<Item = &'a Row> + use<'a> {
        let size = self.size;
        data.kind(self.kind).filter(move |row| row.size == size)
    }

    fn plot(&self, data: &Data, cpus: &str, order: &[Series]) -> Dots {
        let rows: Vec<_> =
            self.rows(data).filter(|row| row.cpus == cpus && (self.of)(row).is_some()).collect();
        let looks = looks(&rows);
        let mut lines: Vec<Line> = Vec::new();
        for row in rows {
            let (Some((x, interval)), Some(look)) =
                ((self.of)(row), looks.iter().position(|look| look.name == row.wait))
            else {
                continue;
            };
            let (value, between) = ((self.says)(x), interval.map(|ends| ends.map(self.says)));
            let between = between.map_or_else(String::new, |[low, high]| format!(" ({low} to {high})"));
            let dot = Dot {
                look,
                x,
                interval,
                figure: figure(x),
                text: format!("{}, {}: {value}{between}{}", way(row), row.wait, doubt(row)),
                unstable: row.is_unstable(),
            };
            let series = Series::of(&row.mechanism, &row.variant);
            match lines.iter_mut().find(|line| line.series == series) {
                Some(line) => line.dots.push(dot),
                None => lines.push(Line { series, dots: vec![dot] }),
            }
        }
        let sign = if self.more_is_better { -1.0 } else { 1.0 };
        let best = |line: &Line| line.dots.iter().map(|dot| dot.x * sign).fold(f64::INFINITY, f64::min);
        lines.sort_by(|a, b| best(a).total_cmp(&best(b)));
        let place = |line: &Line| order.iter().position(|series| *series == line.series);
        lines.sort_by_key(|line| place(line).unwrap_or(order.len()));
        Dots::new(self.axis, looks, lines)
    }

    /// Returns the data of all views.
    pub(super) fn data(&self, data: &Data, names: &[&'static str]) -> (Vec<&'static str>, Vec<Vec<String>>) {
        let line = |row: &Row| {
            let (value, interval) = (self.of)(row)?;
            let ends = interval
                .map_or_else(|| [String::new(), String::new()], |ends| ends.map(|end| end.to_string()));
            Some([who(row), vec![value.to_string()], ends.into()].concat())
        };
        (columns(names), self.rows(data).filter_map(line).collect())
    }
}

/// Returns the look of a way to wait.
pub(crate) fn look(wait: &str) -> Look {
    let style = WAITS.iter().position(|known| *known == wait).unwrap_or(WAITS.len());
    Look { name: wait.into(), style }
}

/// Returns the items in the order of the ways to wait, each with its look.
pub(crate) fn in_order<T>(items: &[T], wait: impl Fn(&T) -> &str) -> Vec<(Look, &T)> {
    let mut items: Vec<_> = items.iter().map(|item| (look(wait(item)), item)).collect();
    items.sort_by_key(|(look, _)| look.style);
    items
}

/// Returns a look for each way to wait that occurs.
fn looks(rows: &[&Row]) -> Vec<Look> {
    let mut names: Vec<&str> =
        WAITS.iter().copied().filter(|wait| rows.iter().any(|row| row.wait == *wait)).collect();
    for row in rows {
        if !names.contains(&row.wait.as_str()) {
            names.push(&row.wait);
        }
    }
    names.into_iter().map(look).collect()
}

fn round_trips<'a>(data: &Data) -> Quantity<'a> {
    Quantity {
        kind: Kind::RoundTrip,
        size: data.short,
        axis: "median round trip, µs",
        of: data::round_trip,
        says: |us| format!("{} µs", figure(us)),
        more_is_better: false,
    }
}

/// Draws the median round trip of a short message: the comparison's whole lesson.
pub(crate) fn round_trip(data: &Data) -> Figure {
    let quantity = round_trips(data);
    Figure {
        id: "round-trip",
        title: format!("Round trip of {}", bytes(data.short)),
        hint: "Further left is faster; bars are 95 % intervals. block: sleeps until a message comes; hybrid: polls for a \
               moment first; spin: polls all the time."
            .into(),
        views: quantity.views(data, &[]),
        data: quantity.data(data, &["median_us", "low_us", "high_us"]),
    }
}

/// Draws the throughput of long messages.
pub(crate) fn throughput(data: &Data) -> Figure {
    let quantity = Quantity {
        kind: Kind::Throughput,
        size: data.long,
        axis: "MB a second",
        of: data::throughput,
        says: |rate| format!("{} MB/s", figure(rate)),
        more_is_better: true,
    };
    Figure {
        id: "rate",
        title: format!("Throughput with messages of {}", bytes(data.long)),
        hint: "In one direction, by the clock of the receiver, in units of 1,000,000 bytes: further right is better; bars \
               are 95 % intervals."
            .into(),
        views: quantity.views(data, &[]),
        data: quantity.data(data, &["mb_per_s", "low_mb_per_s", "high_mb_per_s"]),
    }
}

/// Draws what a short round trip costs, in the order of the round trips.
pub(crate) fn cpu_time(data: &Data) -> Figure {
    let quantity = Quantity {
        axis: "CPU time of both sides, µs",
        of: data::cpu_time,
        says: |us| format!("{} µs of CPU time", figure(us)),
        ..round_trips(data)
    };
    let first = round_trips(data).plot(data, &data.usual.cpus, &[]);
    let order: Vec<_> = first.rows.into_iter().map(|row| row.series).collect();
    Figure {
        id: "cpu-time",
        title: format!("What a round trip of {} costs", bytes(data.short)),
        hint:
            "CPU time of both sides for each: further left is cheaper. The order is that of the first chart."
                .into(),
        views: quantity.views(data, &order),
        data: quantity.data(data, &["cpu_us", "low_us", "high_us"]),
    }
}

#[cfg(test)]
mod tests {
    use ipc_core::Wait;

    use super::*;
    use crate::invented::{case, document};
    use crate::results::row::Rounds;

    fn plot(rows: Vec<Row>) -> Dots {
        let document = document(rows);
        let data = Data::of(&document);
        round_trips(&data).plot(&data, "split", &[])
    }

    fn trip(mechanism: &str, variant: &'static str, wait: Wait, ns: f64) -> Row {
        let times = crate::invented::ten_thousand(1);
        let times = crate::results::latency::Latency { p50: ns as u64, ..times };
        let rounds = Rounds::of(1, &[0.9, 0.95, 1.0, 1.05, 1.1].map(|factor| factor * ns));
        Row {
            rtt_ns: Some(times),
            rounds: Some(rounds),
            ..Row::empty(&case(mechanism, variant, Kind::RoundTrip, wait))
        }
    }

    /// The fastest of a row's dots decides, and each way to wait keeps its look wherever it is missing.
    #[test]
    fn the_fastest_is_on_top() {
        let plot = plot(vec![
            trip("pipe", "anonymous", Wait::Block, 30e3),
            trip("shm", "ring", Wait::Spin, 200.0),
            trip("shm", "ring", Wait::Block, 40e3),
            trip("fifo", "fifo", Wait::Block, 20e3),
        ]);
        let names: Vec<_> = plot.rows.iter().map(|row| row.series.label.as_str()).collect();
        assert_eq!(names, ["shm ring", "fifo", "pipe"]);
        let looks: Vec<_> = plot.looks.iter().map(|look| (look.name.as_str(), look.style)).collect();
        assert_eq!(looks, [("block", 0), ("spin", 2)]);
        let ends = plot.rows[0].dots[0].interval.map(|ends| ends.map(figure));
        assert_eq!(ends, Some(["0.180".into(), "0.220".into()]));
    }
}
