//! The point charts: latency against CPU time, and open against closed loop.

use super::axis::Axis;
use super::chart::{Point, Series};
use super::figure::{Figure, View};
use crate::present::report::data::{Data, Setting, cpu_ns, micro, p50, way};
use crate::results::case::Kind;
use crate::results::latency::Latency;
use crate::results::row::Row;
use crate::results::units::{bytes, grouped};

/// The wait strategies, by increasing cost. Each has a marker of its own.
const WAITS: [&str; 3] = ["block", "hybrid", "spin"];

/// Draws the time of a short round trip against its cost: the chart that shows the benefit of spinning.
pub(crate) fn tradeoff(data: &Data) -> Figure {
    let short = || data.kind(Kind::RoundTrip).filter(|row| row.size == data.short);
    let mut placements: Vec<&str> = Vec::new();
    for setting in &data.settings {
        if !placements.contains(&setting.cpus.as_str()) {
            placements.push(&setting.cpus);
        }
    }
    let mut lines = Vec::new();
    let mut view = |cpus: &str| {
        let mut all: Vec<Series> = Vec::new();
        for wait in WAITS {
            for row in short().filter(|row| row.cpus == cpus && row.wait == wait) {
                let (Some(cpu), Some(time)) = (cpu_ns(row), p50(row)) else { continue };
                let text = format!(
                    "{}, {wait}: median {} µs, CPU time of both sides {} µs",
                    way(row),
                    micro(time),
                    micro(cpu)
                );
                let Some(mut point) = Point::new(cpu / 1e3, time / 1e3, text) else { continue };
                point.unstable = row.is_unstable();
                point.shape = WAITS.iter().position(|known| *known == wait);
                let new = Series::of(&row.mechanism, &row.variant);
                let at = all.iter().position(|series| series.key == new.key).unwrap_or_else(|| {
                    all.push(new);
                    all.len() - 1
                });
                all[at].points.push(point);
                let mut line =
                    vec![row.mechanism.clone(), row.variant.clone(), row.wait.clone(), row.cpus.clone()];
                line.extend([row.size.to_string(), format!("{cpu:.1}"), format!("{time:.0}")]);
                lines.push(line);
            }
        }
        all.sort_by_key(Series::order);
        View::of(cpus.to_owned(), all)
    };
    let views: Vec<_> = placements.into_iter().map(&mut view).collect();
    let points = || views.iter().flat_map(|view| &view.series).flat_map(|series| &series.points);
    Figure {
        id: "tradeoff",
        title: format!("What waiting costs: latency against CPU time, {}", bytes(data.short)),
        hint: "Down is faster, left is cheaper. ● block: both sleep until a message comes. ▲ hybrid: they poll for a \
               moment, then sleep. ■ spin: they poll all the time."
            .into(),
        x: Axis::of_values("CPU time of both sides for a round trip, in microseconds", points().map(|point| point.x)),
        y: Axis::of_values("median round trip in microseconds (µs)", points().map(|point| point.y)),
        views,
        data: (vec!["mechanism", "variant", "wait", "cpus", "size_bytes", "cpu_ns", "p50_ns"], lines),
    }
}

/// The ways to count, each with a row of its own height.
const COUNTS: [(&str, &str, usize, f64); 3] = [
    ("closed", "closed loop: the next is sent when the answer is there", 0, 0.5),
    ("service", "open loop, counted from the sending", 2, 0.68),
    ("open", "open loop, counted from the intended time", 4, 0.86),
];

/// Draws the closed loop beside the open one: the stalls that the closed loop does not see.
pub(crate) fn open_loop(data: &Data) -> Figure {
    let mut views: Vec<(Setting, usize, Vec<&Row>)> = Vec::new();
    for row in data.kind(Kind::OpenLoop) {
        let setting = Setting::of(row);
        match views.iter_mut().find(|(known, size, _)| *known == setting && *size == row.size) {
            Some((.., rows)) => rows.push(row),
            None => views.push((setting, row.size, vec![row])),
        }
    }
    let mut lines = Vec::new();
    let mut view = |(setting, size, rows): (Setting, usize, Vec<&Row>)| {
        let mut all: Vec<Series> =
            COUNTS.iter().map(|(key, name, colour, _)| series(key, name, *colour)).collect();
        for (at, row) in rows.iter().enumerate() {
            let closed = data.row((&row.mechanism, &row.variant), Kind::RoundTrip, &setting, size);
            let times =
                [closed.and_then(|row| row.rtt_ns.as_ref()), row.service_ns.as_ref(), row.rtt_ns.as_ref()];
            for ((series, times), (key, name, _, height)) in all.iter_mut().zip(times).zip(COUNTS) {
                let Some(times) = times else { continue };
                dumbbell(series, &format!("{}, {name}", way(row)), times, at as f64 + height);
                let mut line =
                    vec![row.mechanism.clone(), row.variant.clone(), row.wait.clone(), row.cpus.clone()];
                line.extend([size.to_string(), row.rate_per_s.unwrap_or(0).to_string(), key.into()]);
                line.extend([times.p50, times.p99, times.p999, times.max].map(|time| time.to_string()));
                lines.push(line);
            }
        }
        let name = |row: &&Row| format!("{}, {} a second", way(row), grouped(row.rate_per_s.unwrap_or(0)));
        View {
            rows: rows.iter().map(name).collect(),
            ..View::of(format!("{} · {}", setting.name(), bytes(size)), all)
        }
    };
    let views: Vec<_> = views.into_iter().map(&mut view).collect();
    let points = views.iter().flat_map(|view| &view.series).flat_map(|series| &series.points);
    let x = Axis::of_values("round trip in microseconds (µs)", points.map(|point| point.x));
    Figure {
        id: "open-loop",
        title: "Open loop against closed loop".into(),
        hint: "● p50, ▲ p99, ■ max. A closed loop sends nothing during a stall and so counts it once; the open loop \
               counts it for all that had to wait. The further apart the two are, the more the closed one hides."
            .into(),
        x,
        y: Axis::of_rows(0),
        views,
        data: (
            vec![
                "mechanism", "variant", "wait", "cpus", "size_bytes", "rate_per_s", "loop", "p50_ns", "p99_ns",
                "p999_ns", "max_ns",
            ],
            lines,
        ),
    }
}

fn series(key: &str, name: &str, colour: usize) -> Series {
    Series { key: key.into(), name: name.into(), colour, shape: 0, points: Vec::new(), line: Vec::new() }
}

/// Draws the median, p99 and maximum on a line.
fn dumbbell(series: &mut Series, who: &str, times: &Latency, y: f64) {
    let ends = [times.p50, times.max].map(|time| (time.max(1) as f64 / 1e3, y));
    series.line.extend((!series.line.is_empty()).then_some((f64::NAN, y)));
    series.line.extend(ends);
    for (shape, (name, time)) in
        [("p50", times.p50), ("p99", times.p99), ("max", times.max)].into_iter().enumerate()
    {
        let point = Point::new(time as f64 / 1e3, y, format!("{who}: {name} {} µs", micro(time as f64)));
        series.points.extend(point.map(|point| Point { shape: Some(shape), ..point }));
    }
}
