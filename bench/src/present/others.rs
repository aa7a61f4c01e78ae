//! The rows of a run beside other libraries: those that took turns, the fastest first.

use crate::results::document::Document;
use crate::results::implementation::Implementation;
use crate::results::row::Row;

/// Returns the rows of each exchange that was played by all, the fastest first; nothing for a run of the suite alone.
pub(crate) fn exchanges(document: &Document) -> Vec<Vec<&Row>> {
    let mut exchanges: Vec<Vec<&Row>> = Vec::new();
    if !document.has_others() {
        return exchanges;
    }
    for row in document.results.iter().filter(|row| row.rounds.is_some()) {
        let alike = |other: &Row| {
            (other.kind, other.size, other.flush_every, &other.wait, &other.cpus)
                == (row.kind, row.size, row.flush_every, &row.wait, &row.cpus)
        };
        match exchanges.iter_mut().find(|rows| alike(rows[0])) {
            Some(rows) => rows.push(row),
            None => exchanges.push(vec![row]),
        }
    }
    for rows in &mut exchanges {
        rows.sort_by(|a, b| median(a).total_cmp(&median(b)));
    }
    exchanges
}

/// Returns the time of a message, or of a round trip: the median of the rounds, in nanoseconds.
pub(crate) fn median(row: &Row) -> f64 {
    row.rounds.as_ref().map_or(f64::NAN, |rounds| rounds.ns.median)
}

/// Returns the name of what played.
pub(crate) fn by(row: &Row) -> String {
    match row.implementation.as_str() {
        own if Implementation::is_other(own) => own.to_owned(),
        "suite" => "this suite".to_owned(),
        own => format!("this suite, {}", own.replace('_', " ")),
    }
}

/// Returns true if it was the suite.
pub(crate) fn is_own(row: &Row) -> bool {
    !Implementation::is_other(&row.implementation)
}
