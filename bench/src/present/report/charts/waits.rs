//! The dot plots of all ways to wait: how long a round trip takes, how much gets through, and what it costs.

use super::figure::Figure;
use super::quantity::Quantity;
use crate::present::report::data::{self, Data, figure};
use crate::results::case::Kind;
use crate::results::units::bytes;

fn round_trips<'a>(data: &Data<'a>) -> Quantity<'a> {
    Quantity {
        rows: data.of_size(Kind::RoundTrip, data.short),
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
        views: quantity.views(&data.usual.cpus, &[]),
        data: quantity.data(&["median_us", "low_us", "high_us"]),
    }
}

/// Draws the throughput of long messages.
pub(crate) fn throughput(data: &Data) -> Figure {
    let quantity = Quantity {
        rows: data.of_size(Kind::Throughput, data.long),
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
        views: quantity.views(&data.usual.cpus, &[]),
        data: quantity.data(&["mb_per_s", "low_mb_per_s", "high_mb_per_s"]),
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
    let first = round_trips(data).plot(&data.usual.cpus, &[]);
    let order: Vec<_> = first.rows.into_iter().map(|row| row.series).collect();
    Figure {
        id: "cpu-time",
        title: format!("What a round trip of {} costs", bytes(data.short)),
        hint:
            "CPU time of both sides for each: further left is cheaper. The order is that of the first chart."
                .into(),
        views: quantity.views(&data.usual.cpus, &order),
        data: quantity.data(&["cpu_us", "low_us", "high_us"]),
    }
}
