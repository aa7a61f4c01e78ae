//! Messages in batches.

use super::{columns, who};
use crate::present::report::data::{Data, Setting, figure, micro};
use crate::present::report::html::HtmlTable;
use crate::results::row::{Row, RowKey};
use crate::results::units::grouped;

/// Returns the table of the messages that left in batches, each beside the same messages sent by themselves.
pub(crate) fn table(data: &Data) -> HtmlTable {
    let nanoseconds = |row: &Row| row.messages_per_s.map(|messages| figure(1e9 / messages));
    let line = |row: &&Row| {
        let mut line = who(row);
        line.push(Setting::of(row).name().into());
        line.push(row.kind.words().into());
        line.push(grouped(row.flush_every).into());
        let by_itself = RowKey { flush_every: 1, ..row.key() };
        let alone = data.rows.iter().find(|row| row.key() == by_itself);
        line.push(alone.and_then(|row| nanoseconds(row)).into());
        line.push(nanoseconds(row).into());
        line.push(row.one_way_ns.as_ref().map(|times| micro(times.p50 as f64)).into());
        line.push(row.floor_ratio.map(|ratio| format!("{ratio:.2}")).into());
        line
    };
    let names = [
        "mechanism",
        "size",
        "setting",
        "kind",
        "batch",
        "by itself, ns",
        "batched, ns",
        "one way, µs",
        "ratio to floor",
    ];
    HtmlTable {
        label: "Messages in batches: the time of one".into(),
        columns: columns(&names),
        labels: 4,
        rows: data.batched.iter().map(line).collect(),
        ..HtmlTable::default()
    }
}
