//! The line charts: latency and throughput by size, percentiles, the baseline.

use super::axis::Axis;
use super::chart::{Point, Reference, Series};
use super::figure::{Figure, View};
use crate::present::report::data::{Data, Setting, figure, micro, way};
use crate::results::case::Kind;
use crate::results::latency::Latency;
use crate::results::limits::MachineLimits;
use crate::results::row::Row;
use crate::results::units::bytes;

/// Puts a point into the series of its mechanism and variant, which is created if missing.
pub(crate) fn put(all: &mut Vec<Series>, row: &Row, point: Option<Point>) {
    let Some(mut point) = point else { return };
    point.unstable = row.is_unstable();
    let new = Series::of(&row.mechanism, &row.variant);
    let at = all.iter().position(|series| series.key == new.key).unwrap_or_else(|| {
        all.push(new);
        all.len() - 1
    });
    all[at].points.push(point);
}

/// Sorts the series in the order of the course, and each from left to right.
pub(crate) fn sorted(mut all: Vec<Series>) -> Vec<Series> {
    all.sort_by_key(Series::order);
    for series in &mut all {
        series.points.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    all
}

/// Returns the heights of all points, their bands and the limits: the values that the vertical axis has to hold.
pub(crate) fn heights(views: &[View]) -> Vec<f64> {
    let points = views.iter().flat_map(|view| &view.series).flat_map(|series| &series.points);
    let lines = views.iter().flat_map(|view| &view.series).flat_map(|series| &series.line);
    let mut heights: Vec<_> = points.flat_map(|point| [point.y, point.high.unwrap_or(point.y)]).collect();
    heights.extend(lines.map(|(_, y)| *y));
    heights.extend(views.iter().flat_map(|view| &view.references).map(|limit| limit.y));
    heights
}

fn sizes<'a>(rows: impl Iterator<Item = &'a Row>) -> Axis {
    Axis::of_sizes(rows.map(|row| row.size))
}

/// Returns the first cells of every line of data.
pub(crate) fn who(row: &Row) -> Vec<String> {
    vec![row.mechanism.clone(), row.variant.clone(), row.wait.clone(), row.cpus.clone(), row.size.to_string()]
}

const WHO: [&str; 5] = ["mechanism", "variant", "wait", "cpus", "size_bytes"];

pub(crate) fn columns(more: &[&'static str]) -> Vec<&'static str> {
    WHO.iter().chain(more).copied().collect()
}

/// Returns the warning for a row whose rounds do not agree.
pub(crate) fn doubt(row: &Row) -> String {
    match &row.rounds {
        Some(rounds) if !rounds.agree => {
            format!("; unstable: rounds spread by {:.0} %", rounds.spread * 100.0)
        }
        _ => String::new(),
    }
}

/// Draws the median round trip by message size, with a band up to p99.
pub(crate) fn latency(data: &Data) -> Figure {
    let limit = data.document.limits.as_ref().and_then(MachineLimits::core_to_core_ns);
    let view = |setting: &Setting| {
        let mut all = Vec::new();
        for row in data.under(Kind::RoundTrip, setting) {
            let Some(times) = &row.rtt_ns else { continue };
            let text = format!(
                "{}, {}: p50 {} µs, p99 {} µs, p99.9 {} µs{}",
                way(row),
                bytes(row.size),
                micro(times.p50 as f64),
                micro(times.p99 as f64),
                micro(times.p999 as f64),
                doubt(row)
            );
            let point = Point::new(row.size as f64, times.p50 as f64 / 1e3, text);
            let high = Some(times.p99.max(times.p50) as f64 / 1e3);
            put(&mut all, row, point.map(|point| Point { high, ..point }));
        }
        let mut view = View::of(setting.name(), sorted(all));
        if setting.cpus != "same" {
            let limit = limit.filter(|ns| ns.is_finite() && *ns > 0.0);
            let reference =
                |ns| Reference { y: ns / 1e3, name: "a cache line from core to core and back".into() };
            view.references.extend(limit.map(reference));
        }
        view
    };
    let views: Vec<_> = data.settings.iter().map(view).collect();
    let rows = || data.kind(Kind::RoundTrip);
    let line = |row: &Row| {
        let times = row.rtt_ns.as_ref()?;
        let mut line = who(row);
        line.extend([times.p50, times.p90, times.p99, times.p999, times.max].map(|time| time.to_string()));
        Some(line)
    };
    Figure {
        id: "latency",
        title: "Latency by message size".into(),
        hint: "Lower is better. Line: the median (p50) round trip. Band: up to p99; one in a hundred takes longer. It is \
               drawn of the series that is pointed at, and of all if they are three or fewer. Hollow: the rounds do not \
               agree. A line is broken where a size was not measured."
            .into(),
        x: sizes(rows()),
        y: Axis::of_values("round trip in microseconds (µs)", heights(&views)),
        views,
        data: (columns(&["p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns"]), rows().filter_map(line).collect()),
    }
}

/// Draws the throughput in bytes, by message size.
pub(crate) fn throughput(data: &Data) -> Figure {
    let limit = data.document.limits.as_ref().and_then(MachineLimits::memcpy_bytes_per_s);
    let view = |setting: &Setting| {
        let mut all = Vec::new();
        for row in data.under(Kind::Throughput, setting) {
            let (Some(messages), Some(each)) = (row.messages_per_s, row.bytes_per_s) else { continue };
            let text = format!(
                "{}, {}: {} MB/s, {} messages/s{}",
                way(row),
                bytes(row.size),
                figure(each / 1e6),
                figure(messages),
                doubt(row)
            );
            put(&mut all, row, Point::new(row.size as f64, each / 1e6, text));
        }
        let mut view = View::of(setting.name(), sorted(all));
        let limit = limit.filter(|rate| rate.is_finite() && *rate > 0.0);
        let reference = |rate| Reference { y: rate / 1e6, name: "one core copies memory".into() };
        view.references.extend(limit.map(reference));
        view
    };
    let views: Vec<_> = data.settings.iter().map(view).collect();
    let rows = || data.kind(Kind::Throughput);
    let line = |row: &Row| {
        let mut line = who(row);
        line.extend([row.messages_per_s?.to_string(), row.bytes_per_s?.to_string()]);
        Some(line)
    };
    Figure {
        id: "throughput",
        title: "Throughput by message size".into(),
        hint: "Higher is better. Bytes of payload in one direction, by the clock of the receiver.".into(),
        x: sizes(rows()),
        y: Axis::of_values("megabytes a second (1 MB = 1,000,000 bytes; k = 1,000)", heights(&views)),
        views,
        data: (columns(&["messages_per_s", "bytes_per_s"]), rows().filter_map(line).collect()),
    }
}

/// The percentiles at which a curve has a marker.
const MARKED: [f64; 5] = [50.0, 90.0, 99.0, 99.9, 99.99];

/// Draws the times of the slowest messages, at one size.
pub(crate) fn percentiles(data: &Data, id: &'static str, size: usize) -> Figure {
    let mut lines = Vec::new();
    let mut view = |setting: &Setting| {
        let mut all = Vec::new();
        for row in data.under(Kind::RoundTrip, setting).filter(|row| row.size == size) {
            let Some(curve) = row.rtt_ns.as_ref().and_then(curve) else { continue };
            for (percentile, time) in curve.iter().filter(|(at, _)| MARKED.contains(at)) {
                let text = format!(
                    "{}: {percentile} % take at most {} µs{}",
                    way(row),
                    micro(time * 1e3),
                    doubt(row)
                );
                put(&mut all, row, Point::new(*percentile, *time, text));
            }
            for (percentile, time) in &curve {
                let mut line = who(row);
                line.extend([percentile.to_string(), format!("{:.0}", time * 1e3)]);
                lines.push(line);
            }
            let key = Series::of(&row.mechanism, &row.variant).key;
            if let Some(series) = all.iter_mut().find(|series| series.key == key) {
                series.line = curve;
            }
        }
        View::of(setting.name(), sorted(all))
    };
    let views: Vec<_> = data.settings.iter().map(&mut view).collect();
    Figure {
        id,
        title: format!("Percentiles of the round trip, {}", bytes(size)),
        hint: "Lower and flatter is better. To the right the rarer, slower round trips: at 99 % one in a hundred \
               takes longer. A curve ends where nothing slower was seen."
            .into(),
        x: Axis::of_percentiles("percentile: so many of 100 take at most as long"),
        y: Axis::of_values("round trip in microseconds (µs)", heights(&views)),
        views,
        data: (columns(&["percentile", "rtt_ns"]), lines),
    }
}

/// Returns the time in microseconds at each percentile; `None` without a readable histogram. It ends where less than
/// one measurement would lie above.
fn curve(latency: &Latency) -> Option<Vec<(f64, f64)>> {
    let times = latency.times()?;
    let seen = (times.len() as f64).log10(); // the number of nines
    let first = -(0.5f64.log10());
    let mut nines: Vec<f64> = (0..=36).map(|step| first + f64::from(step) * 0.1).collect();
    nines.extend([1.0, 2.0, 3.0, 4.0]);
    nines.sort_by(f64::total_cmp);
    let percentile = |nines: f64| ((1.0 - 10f64.powf(-nines)) * 1e6).round() / 1e4;
    let mut curve: Vec<(f64, f64)> = Vec::new();
    for nines in nines.into_iter().filter(|nines| *nines <= seen + 1e-9) {
        let percentile = percentile(nines);
        let time = times.value_at_quantile(percentile / 100.0) as f64 / 1e3;
        if time > 0.0 && curve.last().is_none_or(|(last, _)| *last < percentile) {
            curve.push((percentile, time));
        }
    }
    (!curve.is_empty()).then_some(curve)
}

/// Draws the time that the suite adds to the bare system calls.
pub(crate) fn baseline(data: &Data) -> Figure {
    let rows = || data.rows.iter().copied().filter(|row| row.floor_ratio.is_some());
    let kinds = [(Kind::RoundTrip, "round trip"), (Kind::Throughput, "throughput")];
    let mut views = Vec::new();
    for setting in &data.settings {
        for (kind, word) in kinds {
            let mut all = Vec::new();
            for row in data.under(kind, setting) {
                let Some(ratio) = row.floor_ratio else { continue };
                let [low, high] = row.floor_ratio_spread.unwrap_or([ratio; 2]);
                let text = format!(
                    "{}, {}: {ratio:.2} times the floor, middle half {low:.2} to {high:.2}",
                    way(row),
                    bytes(row.size)
                );
                put(&mut all, row, Point::new(row.size as f64, ratio, text));
            }
            if !all.is_empty() {
                let mut view = View::of(format!("{} · {word}", setting.name()), sorted(all));
                view.references.push(Reference { y: 1.0, name: "the floor".into() });
                views.push(view);
            }
        }
    }
    let line = |row: &Row| {
        let mut line = who(row);
        let ratio = row.floor_ratio?;
        let [low, high] = row.floor_ratio_spread.unwrap_or([ratio; 2]);
        line.push(row.kind.name().into());
        line.extend([ratio, low, high].map(|ratio| ratio.to_string()));
        Some(line)
    };
    Figure {
        id: "floor",
        title: "Time beside the bare system calls".into(),
        hint: "1 is as fast as the same exchange written with nothing but system calls; 1.2 takes a fifth longer.".into(),
        x: sizes(rows()),
        y: Axis::of_values("time / time of the floor", heights(&views)),
        views,
        data: (
            columns(&["kind", "floor_ratio", "ratio_p25", "ratio_p75"]),
            rows().filter_map(line).collect(),
        ),
    }
}
