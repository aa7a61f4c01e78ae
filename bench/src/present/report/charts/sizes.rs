//! The charts of lines by message size: how long a round trip takes, how much gets through, and how both compare with the
//! bare calls. With a single size
//! there is nothing to join by a line: the dot plots show it.

use super::axis::Axis;
use super::figure::{Figure, Plot, View};
use super::lines::{Limit, Lines, Point};
use super::records::{columns, doubt, put, sorted, who};
use crate::present::report::data::{Data, Setting, figure, micro, way};
use crate::results::case::Kind;
use crate::results::limits::MachineLimits;
use crate::results::row::Row;
use crate::results::units::bytes;

/// Returns a chart for each setting under which more than one size was measured.
fn views(
    data: &Data,
    kind: Kind,
    name: &str,
    point: fn(&Row) -> Option<Point>,
    limit: impl Fn(&Setting) -> Option<Limit>,
) -> Vec<View> {
    let view = |setting: &Setting| {
        let mut lines = Vec::new();
        for row in data.under(kind, setting) {
            put(&mut lines, row, point(row));
        }
        let sizes: Vec<usize> = data.under(kind, setting).map(|row| row.size).collect();
        let is_one = sizes.iter().all(|size| *size == sizes[0]);
        let chart =
            Lines::new(Axis::of_sizes(sizes), name, sorted(lines), limit(setting).into_iter().collect());
        (!is_one && !chart.all.is_empty()).then(|| View { name: setting.name(), plot: Plot::Lines(chart) })
    };
    data.settings.iter().filter_map(view).collect()
}

/// Draws the time beside the baseline's, by message size: where a line rises, the suite grows faster than the bare calls.
pub(crate) fn overhead(data: &Data) -> Figure {
    let point = |row: &Row| {
        let ratio = row.floor_ratio?;
        let text = format!("{}, {}: {} times the floor", way(row), bytes(row.size), figure(ratio));
        Point::new(row.size as f64, ratio, text)
    };
    let even = |_: &Setting| Some(Limit { y: 1.0, name: "as fast as the bare calls".into() });
    let of = |kind: Kind| {
        let named = move |view: View| View { name: format!("{} · {}", view.name, kind.words()), ..view };
        views(data, kind, "time / time of the floor", point, even).into_iter().map(named)
    };
    let line = |row: &Row| {
        let ratio = row.floor_ratio?;
        Some([who(row), vec![row.kind.name().into(), ratio.to_string()]].concat())
    };
    Figure {
        id: "floor-sizes",
        title: "Time beside the bare system calls, by message size".into(),
        hint:
            "Where a line rises, the suite's time grows faster with the message than that of the bare calls."
                .into(),
        views: Kind::USUAL.into_iter().flat_map(of).collect(),
        data: (
            columns(&["kind", "floor_ratio"]),
            Kind::USUAL.into_iter().flat_map(|kind| data.kind(kind)).filter_map(line).collect(),
        ),
    }
}

/// Draws the median round trip by message size.
pub(crate) fn latency(data: &Data) -> Figure {
    let point = |row: &Row| {
        let times = row.rtt_ns.as_ref()?;
        let [p50, p99, p999] = [times.p50, times.p99, times.p999].map(|time| micro(time as f64));
        let size = bytes(row.size);
        let text = format!("{}, {size}: p50 {p50} µs, p99 {p99} µs, p99.9 {p999} µs{}", way(row), doubt(row));
        Point::new(row.size as f64, times.p50 as f64 / 1e3, text)
    };
    let core_to_core = data.document.limits.as_ref().and_then(MachineLimits::core_to_core_ns);
    let limit = |setting: &Setting| {
        let ns = core_to_core.filter(|_| setting.cpus != "same")?;
        Some(Limit { y: ns / 1e3, name: "a cache line from core to core and back".into() })
    };
    let line = |row: &Row| {
        let times = row.rtt_ns.as_ref()?;
        let times = [times.p50, times.p90, times.p99, times.p999, times.max];
        Some([who(row), times.map(|time| time.to_string()).into()].concat())
    };
    Figure {
        id: "latency",
        title: "Round trip by message size".into(),
        hint: "The median: lower is better. A line is broken where a size was not measured, and ends at the longest message \
               that fits."
            .into(),
        views: views(data, Kind::RoundTrip, "median round trip, µs", point, limit),
        data: (
            columns(&["p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns"]),
            data.kind(Kind::RoundTrip).filter_map(line).collect(),
        ),
    }
}

/// Draws the throughput in bytes, by message size.
pub(crate) fn throughput(data: &Data) -> Figure {
    let point = |row: &Row| {
        let (messages, each) = (figure(row.messages_per_s?), row.bytes_per_s? / 1e6);
        let text = format!(
            "{}, {}: {} MB/s, {messages} messages/s{}",
            way(row),
            bytes(row.size),
            figure(each),
            doubt(row)
        );
        Point::new(row.size as f64, each, text)
    };
    let copying = data.document.limits.as_ref().and_then(MachineLimits::memcpy_bytes_per_s);
    let limit = |_: &Setting| Some(Limit { y: copying? / 1e6, name: "one core copies memory".into() });
    let line = |row: &Row| {
        Some([who(row), vec![row.messages_per_s?.to_string(), row.bytes_per_s?.to_string()]].concat())
    };
    Figure {
        id: "throughput",
        title: "Throughput by message size".into(),
        hint:
            "In one direction, by the clock of the receiver, in units of 1,000,000 bytes: higher is better."
                .into(),
        views: views(data, Kind::Throughput, "MB a second", point, limit),
        data: (
            columns(&["messages_per_s", "bytes_per_s"]),
            data.kind(Kind::Throughput).filter_map(line).collect(),
        ),
    }
}
