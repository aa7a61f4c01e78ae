//! The matrix: the variants, the faults tried on each, and the results. It is printed at the end, and shown on a page
//! of the book, whose names `page_is_true` checks.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use libtest_mimic::Failed;

use crate::lab::FAULTS;
use crate::subject::Subject;

/// The results of the tests that have run, by their names.
static CELLS: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// Returns the name of a cell's test.
pub fn test(subject: &Subject, fault: &str) -> String {
    format!("{}::{fault}", subject.name())
}

/// Records the result of a test.
pub fn note(test: &str, result: String) {
    CELLS.lock().unwrap_or_else(PoisonError::into_inner).insert(test.to_owned(), result);
}

/// Returns the table, with a column for each fault; empty if no test has run.
pub fn table() -> String {
    let cells = CELLS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut table = String::new();
    if cells.is_empty() {
        return table;
    }
    let subjects = Subject::all();
    let cell = |subject: &Subject, fault: usize| {
        let fault = &FAULTS[fault];
        let spared = (fault.spares)(subject).map(|_| "-".to_owned());
        spared.or_else(|| cells.get(&test(subject, fault.name)).cloned()).unwrap_or_default()
    };
    let width = |fault: usize| {
        let longest = subjects.iter().map(|subject| cell(subject, fault).len()).max();
        longest.unwrap_or(0).max(FAULTS[fault].name.len())
    };
    let widths: Vec<_> = (0..FAULTS.len()).map(width).collect();
    let _ = write!(table, "{:21}", "points tried"); // writing to a String cannot fail
    for (fault, width) in FAULTS.iter().zip(&widths) {
        let _ = write!(table, "  {:width$}", fault.name);
    }
    for subject in &subjects {
        let _ = write!(table, "\n{:21}", subject.name());
        for (fault, width) in widths.iter().enumerate() {
            let _ = write!(table, "  {:width$}", cell(subject, fault));
        }
    }
    table + "\n"
}

/// The page of the book with the table.
const PAGE: &str = "docs/src/faults.md";

/// Checks that the matrix on the page has the current faults, variants and exceptions.
pub fn page_is_true() -> Result<(), Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .ok_or("the package is in a folder of a workspace")?;
    let page = fs::read_to_string(root.join(PAGE))?;
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .collect();
    let found = |name: &str| rows.iter().find(|row| row[0] == name);
    let subjects = Subject::all();
    let mut heads = vec!["fault"];
    let names: Vec<_> = subjects.iter().map(Subject::name).collect();
    heads.extend(names.iter().map(String::as_str));
    if found("fault") != Some(&heads) {
        return Err(format!("{PAGE}: the columns of the matrix are not {heads:?}").into());
    }
    for fault in &FAULTS {
        let row = found(fault.name).ok_or_else(|| format!("{PAGE}: no row {}", fault.name))?;
        for (subject, cell) in subjects.iter().zip(&row[1..]) {
            let spared = (fault.spares)(subject).is_some();
            if (*cell == "–") != spared {
                return Err(format!(
                    "{PAGE}: {} is '{cell}', but spared: {spared}",
                    test(subject, fault.name)
                )
                .into());
            }
        }
    }
    Ok(())
}
