//! From rows of the results to the lines of a chart, and to the lines of data that can be downloaded.

use super::lines::{Line, Point};
use super::series::Series;
use crate::present::report::data::spread;
use crate::results::row::Row;

/// Puts a point into the line of its mechanism and variant, which is created if missing.
pub(super) fn put(all: &mut Vec<Line>, row: &Row, point: Option<Point>) {
    let Some(mut point) = point else { return };
    point.unstable = row.is_unstable();
    let series = Series::of(&row.mechanism, &row.variant);
    let at = all.iter().position(|line| line.series == series).unwrap_or_else(|| {
        all.push(Line { series, points: Vec::new(), curve: Vec::new() });
        all.len() - 1
    });
    all[at].points.push(point);
}

/// Sorts the lines in the order of the course, and each from left to right.
pub(super) fn sorted(mut all: Vec<Line>) -> Vec<Line> {
    all.sort_by_key(|line| line.series.order());
    for line in &mut all {
        line.points.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    all
}

/// Returns the first cells of every line of data.
pub(super) fn who(row: &Row) -> Vec<String> {
    vec![row.mechanism.clone(), row.variant.clone(), row.wait.clone(), row.cpus.clone(), row.size.to_string()]
}

const WHO: [&str; 5] = ["mechanism", "variant", "wait", "cpus", "size_bytes"];

/// Returns the names of the columns of data, of which the first say who it is about.
pub(super) fn columns(more: &[&'static str]) -> Vec<&'static str> {
    WHO.iter().chain(more).copied().collect()
}

/// Returns the addition to a tooltip for a row whose rounds do not agree.
pub(super) fn doubt(row: &Row) -> String {
    spread(row).map_or_else(String::new, |percent| format!("; rounds spread by {percent:.0} %"))
}
