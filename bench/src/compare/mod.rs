//! What changed between two runs, and with which confidence.
//!
//! A row of one run is compared with the row of the same key of the other one. The rounds are the samples: the factor
//! between the two is their [`ratio`](crate::statistics::ratio), with its 95 % interval. All factors are about *time*,
//! that of a round trip or that of a message: above 1 is slower, for latency and throughput alike.
//!
//! | file | what it is |
//! |---|---|
//! | `mod.rs` | [`Comparison`], row by row |
//! | `alike.rs` | [`differences`] between the machines |
//! | `text.rs` | the comparison for people |

mod alike;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::statistics::{self, Interval};
use crate::{Document, Environment, Kind, Row, RowKey};

pub use alike::differences;
pub use text::text;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A regression: slower by more than the threshold, and the whole interval lies beyond it.
    Slower,
    /// Faster by more than the threshold, and the whole interval lies beyond it.
    Faster,
    /// The interval reaches across the threshold: more rounds would tell.
    Unclear,
    /// The whole interval lies within the threshold.
    Unchanged,
    /// One of the two has too few rounds to say how much they vary.
    TooFewRounds,
    /// It is in the old run alone.
    OnlyOld,
    /// It is in the new run alone.
    OnlyNew,
}

/// Two rows with the same key, or one that has no counterpart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Which rows.
    #[serde(flatten)]
    pub key: RowKey,
    /// What became of it.
    pub verdict: Verdict,
    /// The median over the old rounds, in nanoseconds: of a round trip, or of a message.
    pub old_ns: Option<f64>,
    /// The same of the new rounds.
    pub new_ns: Option<f64>,
    /// The new time divided by the old one, with its 95 % interval.
    pub ratio: Option<Interval>,
    /// Whether the rounds of one of the two do not agree among themselves.
    pub unstable: bool,
}

/// Two runs side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// From which share on a change counts: 0.05 is 5 %.
    pub threshold: f64,
    /// What is different about the machines or the builds: then the figures are about that, too.
    pub different: Vec<String>,
    /// What else a reader should know.
    pub notes: Vec<String>,
    /// Row by row, in the order of their keys.
    pub changes: Vec<Change>,
}

impl Comparison {
    /// Compares all rows of two runs.
    #[must_use]
    pub fn of(old: &Document, new: &Document, threshold: f64) -> Self {
        let (old_rows, new_rows) = (by_key(old), by_key(new));
        let keys: BTreeSet<&RowKey> = old_rows.keys().chain(new_rows.keys()).collect();
        let change = |&key: &&RowKey| change(key, old_rows.get(key), new_rows.get(key), threshold);
        Self {
            threshold,
            different: differences(&old.environment, &new.environment),
            notes: notes(old, new),
            changes: keys.iter().map(change).collect(),
        }
    }

    /// How many rows came out like this.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.changes.iter().filter(|change| change.verdict == verdict).count()
    }

    /// Whether anything became slower, beyond the threshold and beyond doubt.
    #[must_use]
    pub fn has_regression(&self) -> bool {
        self.count(Verdict::Slower) > 0
    }
}

fn by_key(document: &Document) -> BTreeMap<RowKey, &Row> {
    document.results.iter().map(|row| (row.key(), row)).collect()
}

/// What should be known, beside the figures.
fn notes(old: &Document, new: &Document) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, document) in [("old", old), ("new", new)] {
        if !document.complete {
            notes.push(format!("the {name} run was ended early: it has fewer rounds, or rows are missing"));
        }
        let unstable = document.results.iter().filter(|row| row.is_unstable()).count();
        if unstable * 4 > document.results.len() {
            notes.push(format!(
                "{unstable} of {} rows of the {name} run are unstable: something disturbed it, and what changed may be that; \
                 measure again, see `ipc-bench doctor`",
                document.results.len()
            ));
        }
    }
    let compiler = |environment: &Environment| environment.rustc.clone().unwrap_or_else(|| "unknown".into());
    let [before, after] = [&old.environment, &new.environment].map(compiler);
    if before != after {
        notes.push(format!("the compilers differ: {before}, then {after}"));
    }
    notes
}

fn change(key: &RowKey, old: Option<&&Row>, new: Option<&&Row>, threshold: f64) -> Change {
    let ratio = old.zip(new).and_then(|(old, new)| statistics::ratio(values(old), values(new)));
    let verdict = match (old, new, ratio) {
        (Some(_), None, _) => Verdict::OnlyOld,
        (None, _, _) => Verdict::OnlyNew,
        (Some(_), Some(_), None) => Verdict::TooFewRounds,
        (Some(_), Some(_), Some(ratio)) => judge(ratio, threshold),
    };
    let median = |row: &&Row| statistics::median(values(row));
    let unstable = [old, new].into_iter().flatten().any(|row| row.is_unstable());
    Change {
        key: key.clone(),
        verdict,
        old_ns: old.and_then(median),
        new_ns: new.and_then(median),
        ratio,
        unstable,
    }
}

/// The figures of the rounds; none if the row was not measured in rounds.
fn values(row: &Row) -> &[f64] {
    row.rounds.as_ref().map_or(&[], |rounds| &rounds.values)
}

/// Beyond the threshold *and* beyond doubt: the near end of the interval has to lie outside. Faster is judged as slower
/// is, with the two runs exchanged.
fn judge(ratio: Interval, threshold: f64) -> Verdict {
    let (slower, faster) = (1.0 + threshold, 1.0 / (1.0 + threshold));
    if ratio.low > slower {
        Verdict::Slower
    } else if ratio.high < faster {
        Verdict::Faster
    } else if ratio.low >= faster && ratio.high <= slower {
        Verdict::Unchanged
    } else {
        Verdict::Unclear
    }
}

impl RowKey {
    /// What rows of one table have in common: kind, wait strategy, placement, size, and what else there is.
    #[must_use]
    pub fn conditions(&self) -> String {
        let Self { kind, wait, cpus, size, .. } = self;
        let what = match kind {
            Kind::RoundTrip => "Round trip",
            Kind::Throughput => "Throughput",
            Kind::OpenLoop => "Open loop",
            Kind::Clients => "Many clients",
        };
        let mut parts = vec![what.to_owned(), crate::table::bytes(*size)];
        parts.extend(self.rate_per_s.map(|rate| format!("{rate} messages per second")));
        if *kind == Kind::Clients {
            parts.push(crate::table::clients(self.clients));
        }
        parts.extend([format!("wait {wait}"), format!("cpus {cpus}")]);
        parts.join(", ")
    }
}
