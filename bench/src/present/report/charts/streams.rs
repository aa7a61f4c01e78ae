//! Messages in one direction at fixed times, as a sensor sends them to a logger.

use super::figure::{Figure, View};
use super::open_loop::schedule;
use super::quantity::Quantity;
use crate::present::report::data::{Data, Measured, distinct, figure};
use crate::results::case::Kind;
use crate::results::row::Row;

/// Returns the 99th percentile of the one-way times in microseconds, with the times from the median to the maximum. A
/// row that fell behind has none: its times are those of a growing queue.
fn p99(row: &Row) -> Option<Measured> {
    let times = row.one_way_ns.as_ref().filter(|_| !row.fell_behind())?;
    let [p50, p99, max] = [times.p50, times.p99, times.max].map(|time| time as f64 / 1e3);
    Some((p99, Some([p50, max])))
}

/// Draws the one-way times for each size and rate.
pub(crate) fn chart(data: &Data) -> Figure {
    let rows = || data.kind(Kind::Stream);
    let quantity = |rows: Vec<_>| {
        let says = |us| format!("{} µs", figure(us));
        Quantity { rows, axis: "one-way time, µs", of: p99, says, more_is_better: false }
    };
    let views = |name: &String| {
        let here = quantity(rows().filter(|row| schedule(row) == *name).collect());
        let views = here.views(&data.usual.cpus, &[]).into_iter();
        views.map(|view| View { name: format!("{} · {name}", view.name), ..view }).collect::<Vec<_>>()
    };
    Figure {
        id: "streams",
        title: "One-way times of a stream".into(),
        hint: "From when a message was meant to be sent until it was read. Dot: p99; line: from the median to the maximum. \
               What could not keep up with its rate is left out."
            .into(),
        views: distinct(rows().map(schedule)).iter().flat_map(views).collect(),
        data: quantity(rows().collect()).data(&["p99_us", "p50_us", "max_us"]),
    }
}
