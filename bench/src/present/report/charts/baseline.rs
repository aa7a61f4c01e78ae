//! The time that the suite adds to the bare system calls.

use super::figure::{Figure, View};
use super::quantity::Quantity;
use crate::present::report::data::{Data, figure};
use crate::results::case::Kind;
use crate::results::row::Row;
use crate::results::units::bytes;

/// Draws the time of a row divided by that of its baseline: of short round trips, and of long messages in a stream.
pub(crate) fn chart(data: &Data) -> Figure {
    let quantity = |kind, size| Quantity {
        rows: data.of_size(kind, size),
        axis: "time / time of the floor",
        of: |row: &Row| Some((row.floor_ratio?, row.floor_ratio_spread)),
        says: |ratio| format!("{} times the floor", figure(ratio)),
        more_is_better: false,
    };
    let both = [
        (quantity(Kind::RoundTrip, data.short), format!("round trip, {}", bytes(data.short))),
        (quantity(Kind::Throughput, data.long), format!("throughput, {}", bytes(data.long))),
    ];
    let named = |(quantity, what): &(Quantity, String)| {
        let views = quantity.views(&data.usual.cpus, &[]).into_iter();
        views.map(|view| View { name: format!("{} · {what}", view.name), ..view }).collect::<Vec<_>>()
    };
    let mut lines = Vec::new();
    let mut columns = Vec::new();
    for (quantity, _) in &both {
        let (names, more) = quantity.data(&["floor_ratio", "ratio_p25", "ratio_p75"]);
        columns = names;
        lines.extend(more);
    }
    Figure {
        id: "floor",
        title: "Time beside the bare system calls".into(),
        hint: "1 is as fast as the same exchange written with nothing but system calls; 1.2 takes a fifth longer. Bars: the \
               middle half of the rounds."
            .into(),
        views: both.iter().flat_map(named).collect(),
        data: (columns, lines),
    }
}
