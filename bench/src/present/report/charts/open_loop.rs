//! The closed loop beside the open one: the stalls that the closed loop does not see.

use super::dots::{Dot, Dots, Look, Row as Line};
use super::figure::{Figure, Plot, View};
use super::records::{columns, who};
use super::series::Series;
use crate::present::report::data::{Data, Setting, distinct, micro, way};
use crate::results::case::Kind;
use crate::results::latency::Latency;
use crate::results::row::Row;
use crate::results::units::{bytes, grouped};

/// The ways to count: the name in the data, and the name for people.
const COUNTS: [(&str, &str); 3] = [("closed", "closed"), ("service", "sending"), ("open", "intended")];

/// Returns the times of a row by each of the ways to count. A row that fell behind has none in the open loop: they would
/// be those of a growing queue.
pub(crate) fn times<'a>(data: &Data<'a>, row: &'a Row) -> [Option<&'a Latency>; 3] {
    let closed = data.row((&row.mechanism, &row.variant), Kind::RoundTrip, &Setting::of(row), row.size);
    let [service, open] =
        [&row.service_ns, &row.rtt_ns].map(|times| times.as_ref().filter(|_| !row.fell_behind()));
    [closed.and_then(|row| row.rtt_ns.as_ref()), service, open]
}

/// Returns the setting of a row with everything that its chart is about.
pub(crate) fn name(row: &Row) -> String {
    format!("{} · {}", Setting::of(row).name(), schedule(row))
}

/// Returns the messages and the rate of a row.
pub(super) fn schedule(row: &Row) -> String {
    let rate = row.rate_per_s.map_or_else(String::new, |rate| format!(" · {} a second", grouped(rate)));
    format!("{}{rate}", bytes(row.size))
}

/// Returns the names of all settings with their sizes and rates.
pub(crate) fn names(data: &Data) -> Vec<String> {
    distinct(data.kind(Kind::OpenLoop).map(name))
}

/// Draws the 99th percentile of each, and the times from the median to the maximum.
pub(crate) fn chart(data: &Data) -> Figure {
    let rows = || data.kind(Kind::OpenLoop);
    let dots = |row: &Row| {
        let dot = |(look, times): (usize, Option<&Latency>)| {
            let [p50, p99, max] = times.map(|times| [times.p50, times.p99, times.max])?;
            let says = [p50, p99, max].map(|time| micro(time as f64));
            let (_, count) = COUNTS[look];
            Some(Dot {
                look,
                x: p99 as f64 / 1e3,
                interval: Some([p50.max(1) as f64 / 1e3, max as f64 / 1e3]),
                figure: says[1].clone(),
                text: format!(
                    "{}, {count}: p50 {} µs, p99 {} µs, max {} µs",
                    way(row),
                    says[0],
                    says[1],
                    says[2]
                ),
                unstable: false,
            })
        };
        times(data, row).into_iter().enumerate().filter_map(dot).collect::<Vec<_>>()
    };
    let view = |view: String| {
        let of_view = rows().filter(|row| name(row) == view);
        let mut lines: Vec<_> = of_view
            .map(|row| Line { series: Series::of(&row.mechanism, &row.variant), dots: dots(row) })
            .collect();
        let last = |line: &Line| line.dots.last().map_or(f64::INFINITY, |dot| dot.x);
        lines.sort_by(|a, b| last(a).total_cmp(&last(b)));
        let looks = (0..).zip(COUNTS).map(|(style, (_, name))| Look { name: name.into(), style });
        View { name: view, plot: Plot::Dots(Dots::new("round trip, µs", looks.collect(), lines)) }
    };
    let line = |row: &Row| {
        let of = |((key, _), times): ((&str, &str), Option<&Latency>)| {
            let times = times?;
            let rate = row.rate_per_s.unwrap_or(0).to_string();
            let figures = [times.p50, times.p99, times.p999, times.max].map(|time| time.to_string());
            Some([who(row), vec![rate, key.into()], figures.into()].concat())
        };
        COUNTS.into_iter().zip(times(data, row)).filter_map(of).collect::<Vec<_>>()
    };
    Figure {
        id: "open-loop",
        title: "Open loop against closed loop".into(),
        hint: "Dot: p99; line: from the median to the maximum. Where the intended time is far to the right of the others, the \
               closed loop hides the waiting."
            .into(),
        views: names(data).into_iter().map(view).collect(),
        data: (
            columns(&["rate_per_s", "loop", "p50_ns", "p99_ns", "p999_ns", "max_ns"]),
            rows().flat_map(line).collect(),
        ),
    }
}
