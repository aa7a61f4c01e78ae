//! The comparison for people.

use std::fmt::Write as _;

use comfy_table::CellAlignment;

use super::{Change, Comparison, Verdict};
use crate::present::grid::{self, LABELS, PLAIN};
use crate::results::units::size_name;

const COLUMNS: [&str; 7] = ["mechanism", "variant", "old", "new", "time", "95 % interval", ""];

/// Returns all tables and the summary, no wider than `width` if given.
#[must_use]
pub fn text(comparison: &Comparison, width: Option<u16>) -> String {
    let mut text = String::new();
    let mut changes: Vec<&Change> = comparison.changes.iter().collect();
    let order = |change: &Change| (change.key.kind, change.key.conditions());
    changes.sort_by_key(|change| order(change));
    for rows in changes.chunk_by(|a, b| order(a) == order(b)) {
        let cells: Vec<_> = rows.iter().map(|change| cells(change)).collect();
        let mut table = grid::of(PLAIN, &COLUMNS, &cells);
        for column in table.column_iter_mut().skip(LABELS).take(COLUMNS.len() - LABELS - 1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let conditions = rows[0].key.conditions();
        // writing to a String cannot fail
        let _ =
            writeln!(text, "{conditions}; microseconds, and new / old\n{}\n", grid::fitted(&table, width));
    }
    for line in comparison.different.iter().chain(&comparison.notes) {
        let _ = writeln!(text, "Note: {line}");
    }
    grid::lines(&(text + &sum(comparison)), width)
}

fn cells(change: &Change) -> Vec<String> {
    let Change { key, verdict, old_ns, new_ns, ratio, unstable } = change;
    let whose =
        if key.implementation == "suite" { String::new() } else { format!(", {}", key.implementation) };
    let piece = key.piece.map(|piece| format!(", {} at once", size_name(piece))).unwrap_or_default();
    let microseconds = |ns: &Option<f64>| ns.map(|ns| format!("{:.3}", ns / 1e3)).unwrap_or_default();
    let mut said = words(*verdict).to_owned();
    if *unstable {
        said += " (unstable)";
    }
    vec![
        key.mechanism.clone(),
        format!("{}{whose}{piece}", key.variant),
        microseconds(old_ns),
        microseconds(new_ns),
        ratio.map(|ratio| format!("× {:.3}", ratio.estimate)).unwrap_or_default(),
        ratio.map(|ratio| format!("{:.3} to {:.3}", ratio.low, ratio.high)).unwrap_or_default(),
        said,
    ]
}

const fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Slower => "SLOWER",
        Verdict::Faster => "faster",
        Verdict::Unclear => "unclear",
        Verdict::Unchanged => "unchanged",
        Verdict::TooFewRounds => "too few rounds",
        Verdict::FellBehind => "could not keep up",
        Verdict::OnlyOld => "only in the old run",
        Verdict::OnlyNew => "only in the new run",
    }
}

/// Returns the number of rows with each verdict, and the rule.
fn sum(comparison: &Comparison) -> String {
    const ALL: [Verdict; 8] = [
        Verdict::Slower,
        Verdict::Faster,
        Verdict::Unchanged,
        Verdict::Unclear,
        Verdict::TooFewRounds,
        Verdict::FellBehind,
        Verdict::OnlyOld,
        Verdict::OnlyNew,
    ];
    let counts = ALL.map(|verdict| (comparison.count(verdict), words(verdict).to_lowercase()));
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts.map(|(count, words)| format!("{count} {words}")).collect();
    let again = if comparison.has_regression() {
        "Measure slower rows again: a pair of processes can be unlucky for a whole run.\n"
    } else {
        ""
    };
    format!(
        "{} rows: {}.\nSlower, or faster: by more than {} %, beyond doubt among so many rows (chance alone does \
         that to any row in at most 5 of 100 comparisons). Unchanged: the whole interval within. Unclear: neither.\n{again}",
        comparison.changes.len(),
        if counts.is_empty() { "nothing to compare".into() } else { counts.join(", ") },
        round(comparison.threshold * 100.0),
    )
}

/// Rounds off the noise of binary fractions.
fn round(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}
