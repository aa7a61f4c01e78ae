//! The results as tables. The page shows the same ones.
//!
//! | file | contents |
//! |---|---|
//! | `table.rs` | the text around them |
//! | `figures.rs` | the figures of each row: all, or those that fit a terminal |
//! | `cost.rs`, `baseline.rs` | its costs; its figures beside those of bare calls |
//! | `others.rs` | other libraries beside the suite |

mod baseline;
mod cost;
mod figures;
mod others;

use std::fmt::Write as _;

use crate::present::grid;
use crate::present::summary::Summary;
use crate::present::text_table::TextTable;
use crate::results::document::{Document, NotMeasured};
use crate::results::statistics;
use crate::results::units::counted;

/// How much of a document is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The figures that answer most questions, in 80 columns.
    Figures,
    /// These, and the notes for a reader of them.
    Notes,
    /// Everything: all columns, costs, notes and the environment.
    All,
}

/// Returns all tables of a document: figures, costs, and those beside their baselines.
#[must_use]
pub fn all(document: &Document) -> Vec<TextTable> {
    let mut all = figures::tables(document, true);
    all.extend(cost::tables(document));
    all.extend(baseline::tables(document));
    all.extend(others::tables(document));
    all
}

/// Returns a document as text, no wider than `width` if given. The conclusions come last: that is what remains on a
/// terminal.
#[must_use]
pub fn text(document: &Document, width: Option<u16>, detail: Detail) -> String {
    let tables = match detail {
        Detail::All => all(document),
        _ => {
            [figures::tables(document, false), baseline::tables(document), others::tables(document)].concat()
        }
    };
    let mut text = String::new();
    for line in disturbed(document) {
        let _ = writeln!(text, "{line}"); // writing to a String cannot fail
    }
    if !text.is_empty() {
        text.push('\n');
    }
    for table in tables {
        let _ = writeln!(text, "{}\n{}\n", table.heading, table.text(width));
    }
    if let Some(limits) = &document.limits {
        text.push_str(&baseline::limits(limits));
    }
    if detail == Detail::All {
        around(&mut text, document);
    } else if detail == Detail::Notes {
        for note in warnings(document) {
            let _ = writeln!(text, "Note: {note}\n");
        }
    }
    not_measured(&mut text, "Skipped:", &document.skipped);
    not_measured(&mut text, "Failed:", &document.failed);
    if let Some(conclusion) = conclusion(document) {
        text.push_str(&conclusion);
    }
    grid::lines(&format!("{}\n", text.trim_end()), width)
}

/// Adds what is around the figures: all notes, and the environment.
fn around(text: &mut String, document: &Document) {
    for note in notes(document) {
        let _ = writeln!(text, "Note: {note}\n"); // writing to a String cannot fail
    }
    text.push_str("Measured on:\n");
    for (name, value) in document.environment.lines() {
        let _ = writeln!(text, "  {name}: {value}");
    }
    let _ = writeln!(text, "  one reading of the clock: {:.0} ns\n", document.clock_cost_ns);
}

/// Returns what disturbed the measurement, to read before the figures.
fn disturbed(document: &Document) -> Vec<String> {
    let summary = Summary::of(document);
    let is_disturbed = summary.disturbed.as_ref().is_some_and(|disturbed| !disturbed.is_empty());
    if is_disturbed { summary.disturbance() } else { Vec::new() }
}

/// Returns the lines that end the output: what was fastest, if two can be compared. They repeat what disturbed the
/// measurement, as its first line may be far above by then.
fn conclusion(document: &Document) -> Option<String> {
    let summary = Summary::of(document);
    (!summary.rankings.is_empty()).then(|| summary.lines().join("\n") + "\n")
}

/// Returns the notes to show beside the figures.
pub(crate) fn notes(document: &Document) -> Vec<String> {
    let mut notes = document.notes.clone();
    if !document.complete {
        notes.push("the run was ended early: rows have fewer rounds, or are missing".into());
    }
    let unstable = document.results.iter().filter(|row| row.is_unstable()).count();
    if unstable > 0 {
        let percent = statistics::AGREEMENT * 100.0;
        notes.push(format!(
            "{unstable} of {} rows are unstable: the middle half of their rounds spreads over more than {percent:.0} % of the \
             median; `ipc-bench doctor` looks for what disturbs",
            document.results.len()
        ));
    }
    notes.extend(warnings(document));
    notes
}

/// Returns the notes without which the figures would be misread, and that the conclusions do not contain.
fn warnings(document: &Document) -> Vec<String> {
    let mut notes = Vec::new();
    let behind = document.results.iter().filter(|row| row.fell_behind()).count();
    if behind > 0 {
        notes.push(format!(
            "could not keep up, and so have no latency: {behind} of {} rows; try a lower --rate",
            document.results.len()
        ));
    }
    let checked = document.verified.iter().flatten();
    let wrong = checked.clone().filter(|verified| verified.error.is_some()).count();
    match checked.map(|verified| verified.messages).reduce(|a, b| a + b) {
        Some(messages) if wrong == 0 => {
            notes.push(format!("{} checked: all right", counted(messages, "message")));
        }
        Some(messages) => {
            notes.push(format!(
                "{} checked: {} had WRONG ones",
                counted(messages, "message"),
                counted(wrong as u64, "row")
            ));
        }
        None => {}
    }
    notes
}

fn not_measured(text: &mut String, title: &str, cases: &[NotMeasured]) {
    if cases.is_empty() {
        return;
    }
    let _ = writeln!(text, "{title}");
    for case in cases {
        let _ = writeln!(text, "  {case}");
    }
    text.push('\n');
}
