//! The reasons not to trust the figures.

use std::time::{Duration, SystemTime};

use crate::results::document::Document;
use crate::results::environment::Environment;
use crate::results::environment::alike::differences;

/// Figures that are older say little about a machine that has been updated since.
const OLD: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A run with a larger share of unstable rows was disturbed.
const UNSTABLE: f64 = 0.25;

/// Returns the doubts that a run itself raises.
#[must_use]
pub fn of(document: &Document) -> Vec<String> {
    let mut doubts = Vec::new();
    if document.environment.debug_build {
        doubts.push("the figures are of a debug build: not for decisions".into());
    }
    if !document.complete {
        doubts.push("the run was ended early: it has fewer rounds, or rows are missing".into());
    }
    if let Some(disturbances) = document.disturbances.as_ref().filter(|all| !all.is_empty()) {
        doubts.push(format!("the machine was disturbed: {}", disturbances.join("; ")));
    }
    let rows = || document.suite();
    let (all, unstable) = (rows().count(), rows().filter(|row| row.is_unstable()).count());
    if unstable as f64 > all as f64 * UNSTABLE {
        doubts.push(format!(
            "the machine was busy ({unstable} of {all} rows unstable): see `ipc-bench doctor`"
        ));
    }
    if rows().any(|row| row.rounds.is_none()) {
        doubts.push("not all rows were measured in rounds: how reliable they are is not known".into());
    }
    doubts
}

/// Returns the doubts that arise because the run is not from this machine, or not from this time.
#[must_use]
pub fn of_elsewhere(document: &Document, here: &Environment, now: SystemTime) -> Vec<String> {
    let mut doubts = Vec::new();
    let different = differences(&document.environment, here);
    if !different.is_empty() {
        doubts.push(format!("measured on another machine or build: {}", different.join("; ")));
    }
    let measured = humantime::parse_rfc3339(&document.environment.timestamp).ok();
    if let Some(age) = measured.and_then(|at| now.duration_since(at).ok()).filter(|age| *age > OLD) {
        doubts.push(format!("the figures are {} days old", age.as_secs() / (24 * 60 * 60)));
    }
    doubts
}
