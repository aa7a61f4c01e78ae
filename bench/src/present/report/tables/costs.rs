//! The cost of a message on both sides.

use maud::{Markup, html};

use super::{columns, folded, titled, who};
use crate::present::report::data::{Data, Setting, figure, micro};
use crate::present::report::html::{Cell, HtmlTable};
use crate::results::case::Kind;
use crate::results::cost::Cost;
use crate::results::row::Row;
use crate::results::units::bytes;

/// Returns the cost of a message on both sides: of short ones first, then of all, for each kind and setting.
pub(crate) fn tables(data: &Data) -> Markup {
    let table = |what: &str, setting: &Setting, rows: Vec<&Row>| HtmlTable {
        label: format!("Cost of {what}, {}; CPU time in microseconds", setting.name()),
        ..cost(&rows)
    };
    let short = data.under(Kind::RoundTrip, &data.usual).filter(|row| row.size == data.short);
    html! {
        (titled(&table(&format!("a round trip of {}", bytes(data.short)), &data.usual, short.collect())))
        @for (kind, what) in [(Kind::RoundTrip, "a round trip"), (Kind::Throughput, "a message")] {
            @for setting in &data.settings {
                (folded(&table(&format!("{what} of any size"), setting, data.under(kind, setting).collect())))
            }
        }
    }
}

fn cost(rows: &[&Row]) -> HtmlTable {
    let energy = rows.iter().any(|row| row.energy_nj.is_some());
    let side = ["user", "system", "sleeps", "preempted", "faults", "calls"];
    let one = |cost: &Cost| {
        let counts =
            [cost.voluntary_switches, cost.involuntary_switches, cost.minor_faults + cost.major_faults];
        let mut cells = vec![micro(cost.user_ns), micro(cost.system_ns)];
        cells.extend(counts.map(figure));
        cells.push(cost.syscalls.map_or_else(|| "–".into(), figure));
        cells.into_iter().map(Cell::from).collect::<Vec<_>>()
    };
    let line = |row: &&Row| {
        let cost = row.cost.as_ref()?;
        let mut line = who(row);
        line.extend(one(&cost.ping));
        line.extend(one(&cost.pong));
        if energy {
            line.push(row.energy_nj.map(figure).into());
        }
        Some(line)
    };
    let mut names = columns(&["mechanism", "size"]);
    names.extend(columns(&side));
    names.extend(columns(&side));
    let mut groups = vec![(String::new(), 2), ("ping, which sends first".into(), 6), ("pong".into(), 6)];
    if energy {
        names.push("energy in nJ".into());
        groups.push(("both".into(), 1));
    }
    let rows = rows.iter().filter_map(line).collect();
    HtmlTable { groups, columns: names, labels: 2, rows, class: "dense", ..HtmlTable::default() }
}
