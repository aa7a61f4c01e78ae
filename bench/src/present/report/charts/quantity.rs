//! A quantity of rows as a dot plot of all ways to wait in one picture.

use super::dots::{Dot, Dots, Look, Row as Line};
use super::figure::{Plot, View};
use super::records::{columns, doubt, who};
use super::series::Series;
use crate::present::report::data::{Measured, WAITS, distinct, figure, nth_wait, way};
use crate::results::row::Row;

/// See the [module](self).
pub(super) struct Quantity<'a> {
    /// The rows that may have it: at most one of each variant, way to wait and placement.
    pub rows: Vec<&'a Row>,
    /// The name of the axis, with the unit.
    pub axis: &'static str,
    /// The value of a row and its interval.
    pub of: fn(&Row) -> Option<Measured>,
    /// The text of a value, with its unit.
    pub says: fn(f64) -> String,
    /// True if the greatest value is the best.
    pub more_is_better: bool,
}

impl Quantity<'_> {
    /// Returns the plot for each placement, the `usual` one first. The best row is on top, unless an `order` is given.
    pub(super) fn views(&self, usual: &str, order: &[Series]) -> Vec<View> {
        let mut placements = distinct(self.rows.iter().map(|row| row.cpus.as_str()));
        placements.sort_by_key(|cpus| *cpus != usual);
        let view = |cpus: &str| View { name: cpus.into(), plot: Plot::Dots(self.plot(cpus, order)) };
        placements.into_iter().map(view).collect()
    }

    /// Returns the plot for a placement.
    pub(super) fn plot(&self, cpus: &str, order: &[Series]) -> Dots {
        let here = self.rows.iter().filter(|row| row.cpus == cpus);
        let measured: Vec<_> = here.filter_map(|row| Some((*row, (self.of)(row)?))).collect();
        let looks = looks(measured.iter().map(|(row, _)| row.wait.as_str()));
        let mut lines: Vec<Line> = Vec::new();
        for (row, (x, interval)) in measured {
            let look = looks.iter().position(|look| look.name == row.wait).unwrap_or_default();
            let between = interval.map(|ends| ends.map(self.says));
            let between = between.map_or_else(String::new, |[low, high]| format!(" ({low} to {high})"));
            let dot = Dot {
                look,
                x,
                interval,
                figure: figure(x),
                text: format!("{}, {}: {}{between}{}", way(row), row.wait, (self.says)(x), doubt(row)),
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
    pub(super) fn data(&self, names: &[&'static str]) -> (Vec<&'static str>, Vec<Vec<String>>) {
        let line = |row: &&Row| {
            let (value, interval) = (self.of)(row)?;
            let ends = interval
                .map_or_else(|| [String::new(), String::new()], |ends| ends.map(|end| end.to_string()));
            Some([who(row), vec![value.to_string()], ends.into()].concat())
        };
        (columns(names), self.rows.iter().filter_map(line).collect())
    }
}

/// Returns the look of a way to wait: the same in all charts.
pub(crate) fn look(wait: &str) -> Look {
    Look { name: wait.into(), style: nth_wait(wait).min(WAITS.len()) }
}

/// Returns a look for each of these ways to wait, the cheapest first.
fn looks<'a>(waits: impl Iterator<Item = &'a str>) -> Vec<Look> {
    let mut waits: Vec<_> = waits.collect();
    waits.sort_by_key(|wait| nth_wait(wait));
    waits.dedup();
    waits.into_iter().map(look).collect()
}

#[cfg(test)]
mod tests {
    use ipc_core::Wait;

    use super::*;
    use crate::invented::{NOISE, case, row};
    use crate::results::case::Kind;

    fn plot(rows: &[Row]) -> Dots {
        let of = |row: &Row| {
            row.rounds.as_ref().map(|rounds| (rounds.ns.median, Some([rounds.ns.p25, rounds.ns.p75])))
        };
        let quantity =
            Quantity { rows: rows.iter().collect(), axis: "ns", of, says: figure, more_is_better: false };
        quantity.plot("split", &[])
    }

    fn trip(mechanism: &str, variant: &'static str, wait: Wait, ns: f64) -> Row {
        row(&case(mechanism, variant, Kind::RoundTrip, wait), ns, NOISE)
    }

    /// The fastest of a row's dots decides, and each way to wait keeps its look wherever it is missing.
    #[test]
    fn the_fastest_is_on_top() {
        let plot = plot(&[
            trip("pipe", "anonymous", Wait::Block, 30e3),
            trip("shm", "ring", Wait::Spin, 200.0),
            trip("shm", "ring", Wait::Block, 40e3),
            trip("fifo", "fifo", Wait::Block, 20e3),
        ]);
        let names: Vec<_> = plot.rows.iter().map(|row| row.series.label.as_str()).collect();
        assert_eq!(names, ["shm ring", "fifo", "pipe"]);
        let looks: Vec<_> = plot.looks.iter().map(|look| (look.name.as_str(), look.style)).collect();
        assert_eq!(looks, [("block", 0), ("spin", 2)]);
        assert!(plot.rows[0].dots[0].interval.is_some_and(|[low, high]| low < 200.0 && high > 200.0));
    }
}
