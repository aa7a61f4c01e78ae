//! The saved runs as a table, or as JSON.

use serde_json::json;

use crate::present::grid::{self, PLAIN};
use crate::results::document::Document;
use crate::results::environment::Environment;
use crate::results::history::{self, SavedRun};

const COLUMNS: [&str; 7] = ["", "run", "profile", "rows", "took", "kernel", "state"];

/// Returns the runs as a table, numbered as they are called.
#[must_use]
pub fn text(runs: &[SavedRun], here: &Environment, width: Option<u16>) -> String {
    let row = |(at, run): (usize, &SavedRun)| {
        let cells = run.document.as_ref().map_or_else(
            |_| ["", "", "", "", "cannot be read"].map(String::from),
            |document| cells(document, here),
        );
        [vec![(at + 1).to_string(), history::name(&run.dir)], cells.to_vec()].concat()
    };
    let rows: Vec<_> = runs.iter().enumerate().map(row).collect();
    grid::fitted(&grid::of(PLAIN, &COLUMNS, &rows), width) + "\n"
}

fn cells(document: &Document, here: &Environment) -> [String; 5] {
    let kernel = document.environment.kernel.as_deref().unwrap_or("unknown");
    [
        document.profile.clone(),
        document.results.len().to_string(),
        format!("{:.1} s", document.took_s),
        release(kernel).into(),
        state(document, here).into(),
    ]
}

/// Returns the numbers of a kernel's release, without what a distribution has added: `6.8.0` for `Linux 6.8.0-31-generic`.
fn release(kernel: &str) -> &str {
    let release = kernel.strip_prefix("Linux ").unwrap_or(kernel);
    release.split(['-', '+']).next().unwrap_or(release)
}

/// Returns, in a word or two, whether a run is taken without being asked for.
fn state(document: &Document, here: &Environment) -> &'static str {
    if !document.complete {
        "interrupted"
    } else if document.took_s < history::SHORTEST {
        "short"
    } else if history::passed_over(document, here).is_some() {
        "elsewhere"
    } else {
        "complete"
    }
}

/// Returns the runs as one JSON document.
///
/// # Panics
/// Never for what was read from a document.
#[must_use]
pub fn json(runs: &[SavedRun]) -> String {
    let entry = |run: &SavedRun| {
        let dir = run.dir.to_string_lossy();
        match &run.document {
            Ok(document) => json!({
                "run": history::name(&run.dir),
                "path": dir,
                "timestamp": document.environment.timestamp,
                "command_line": document.environment.command_line,
                "profile": document.profile,
                "kernel": document.environment.kernel,
                "cpu_model": document.environment.cpu_model,
                "rows": document.results.len(),
                "took_s": document.took_s,
                "complete": document.complete,
            }),
            Err(error) => json!({ "run": history::name(&run.dir), "path": dir, "error": error.to_string() }),
        }
    };
    let runs: Vec<_> = runs.iter().map(entry).collect();
    serde_json::to_string_pretty(&json!({ "runs": runs })).expect("plain data") + "\n"
}
