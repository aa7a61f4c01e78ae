//! The times of the slowest messages.

use super::axis::Axis;
use super::figure::{Figure, Plot, View};
use super::lines::{Line, Lines, Point};
use super::records::{columns, doubt, put, sorted, who};
use super::series::Series;
use crate::present::report::data::{Data, Setting, micro, way};
use crate::results::case::Kind;
use crate::results::latency::Latency;
use crate::results::units::bytes;

/// The percentiles at which a curve has a marker.
const MARKED: [f64; 5] = [50.0, 90.0, 99.0, 99.9, 99.99];

/// Draws the times of all round trips of one size, from the usual to the rarest.
pub(crate) fn chart(data: &Data, id: &'static str, size: usize) -> Figure {
    let mut lines = Vec::new();
    let mut view = |setting: &Setting| {
        let mut all: Vec<Line> = Vec::new();
        for row in data.under(Kind::RoundTrip, setting).filter(|row| row.size == size) {
            let Some(curve) = row.rtt_ns.as_ref().and_then(curve) else { continue };
            for (percentile, time) in curve.iter().filter(|(at, _)| MARKED.contains(at)) {
                let (way, time_us) = (way(row), micro(time * 1e3));
                let text = format!("{way}: {percentile} % take at most {time_us} µs{}", doubt(row));
                put(&mut all, row, Point::new(*percentile, *time, text));
            }
            for (percentile, time) in &curve {
                lines.push([who(row), vec![percentile.to_string(), format!("{:.0}", time * 1e3)]].concat());
            }
            let series = Series::of(&row.mechanism, &row.variant);
            if let Some(line) = all.iter_mut().find(|line| line.series == series) {
                line.curve = curve;
            }
        }
        let reached = all.iter().flat_map(|line| &line.curve).map(|(percentile, _)| *percentile);
        let x = Axis::of_percentiles("percentile: so many of 100 take no longer", reached);
        let chart = Lines::new(x, "round trip, µs", sorted(all), Vec::new());
        View { name: setting.name(), plot: Plot::Lines(chart) }
    };
    let views: Vec<_> = data.settings.iter().map(&mut view).collect();
    Figure {
        id,
        title: format!("Percentiles of the round trip of {}", bytes(size)),
        hint: "Lower and flatter is better. To the right the rarer, slower round trips: at 99 % one in a hundred takes \
               longer. A curve ends where nothing slower was seen."
            .into(),
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
