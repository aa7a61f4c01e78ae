//! The cost of each row, as tables: the other half of every figure.

use crate::present::text_table::{TextTable, heading, microseconds};
use crate::results::case::Kind;
use crate::results::cost::{Cost, Costs};
use crate::results::document::Document;
use crate::results::row::Row;

const COLUMNS: [&str; 8] = [
    "mechanism",
    "variant",
    "user",
    "system",
    "voluntary switches",
    "involuntary switches",
    "page faults",
    "system calls",
];

/// Returns one table for each kind, wait strategy and size whose cost is known.
#[must_use]
pub fn tables(document: &Document) -> Vec<TextTable> {
    let mut tables: Vec<TextTable> = Vec::new();
    for row in document.suite() {
        let Some(costs) = row.cost else { continue };
        let heading = format!("Cost: {}", heading(row, unit(row)));
        if tables.last().is_none_or(|table| table.heading != heading) {
            tables.push(TextTable { heading, columns: COLUMNS.to_vec(), rows: Vec::new() });
        }
        tables.last_mut().expect("pushed").rows.push(cells(row, costs));
    }
    tables
}

fn unit(row: &Row) -> &'static str {
    match row.kind {
        Kind::RoundTrip | Kind::OpenLoop => {
            "of a round trip, ping + pong; user and system: CPU time in microseconds"
        }
        Kind::Throughput | Kind::Stream | Kind::Clients => {
            "of a message, ping + pong; user and system: CPU time in microseconds"
        }
    }
}

fn cells(row: &Row, Costs { ping, pong }: Costs) -> Vec<String> {
    let both = |figure: fn(&Cost) -> String| format!("{} + {}", figure(&ping), figure(&pong));
    vec![
        row.mechanism.clone(),
        row.variant.clone(),
        both(|cost| microseconds(cost.user_ns)),
        both(|cost| microseconds(cost.system_ns)),
        both(|cost| format!("{:.3}", cost.voluntary_switches)),
        both(|cost| format!("{:.3}", cost.involuntary_switches)),
        both(|cost| format!("{:.3}", cost.minor_faults + cost.major_faults)),
        both(|cost| cost.syscalls.map_or_else(|| "?".into(), |calls| format!("{calls:.2}"))),
    ]
}
