//! The changes between two runs, and the confidence in each.
//!
//! A row of one run is compared with the row of the same key in the other. The rounds are the samples: the factor
//! between the two rows is their [`ratio`](crate::results::statistics::ratio), with its 95 % interval. All factors are
//! about *time*, of a round trip or of a message: above 1 is slower, for latency and throughput alike.
//!
//! Of a hundred unchanged rows, some lie outside their intervals by chance. So a row is called slower, or faster, only
//! if that would be surprising among so many rows: [`significant`](crate::results::statistics::significant).
//!
//! A limit of any statistics of two runs: the rounds of a run are played by the same two processes, and such a pair can
//! be lucky, or not, for as long as it lives. A row that became slower is worth a second look, in a third run.
//!
//! | file | contents |
//! |---|---|
//! | `compare.rs` | [`Comparison`], row by row |
//! | `text.rs` | the comparison for people |

pub mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::results::case::Kind;
use crate::results::document::Document;
use crate::results::environment::Environment;
use crate::results::environment::alike::differences;
use crate::results::row::{Row, RowKey};
use crate::results::statistics::{self, Interval};

/// The verdict on a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A regression: slower by more than the threshold, beyond doubt among so many rows.
    Slower,
    /// Faster by more than the threshold, beyond doubt among so many rows.
    Faster,
    /// None of the others: more rounds would tell.
    Unclear,
    /// The whole interval lies within the threshold.
    Unchanged,
    /// One of the two has too few rounds to estimate their variance.
    TooFewRounds,
    /// In one of the two, messages could not be sent at their rate: its times are those of a queue that grew.
    FellBehind,
    /// The row is in the old run only.
    OnlyOld,
    /// The row is in the new run only.
    OnlyNew,
}

/// The probability that any row at all is called slower though none is; and the same again for faster.
pub const RISK: f64 = 0.025;

/// Two rows with the same key, or one that has no counterpart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The key of the rows.
    #[serde(flatten)]
    pub key: RowKey,
    /// The verdict on the row.
    pub verdict: Verdict,
    /// The median over the old rounds, in nanoseconds: of a round trip, or of a message.
    pub old_ns: Option<f64>,
    /// The same for the new rounds.
    pub new_ns: Option<f64>,
    /// The new time divided by the old one, with its 95 % interval.
    pub ratio: Option<Interval>,
    /// True if the rounds of one of the two do not agree among themselves.
    pub unstable: bool,
}

/// Two runs side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The share from which on a change counts: 0.05 is 5 %.
    pub threshold: f64,
    /// The differences between the machines or the builds, which then also affect the figures.
    pub different: Vec<String>,
    /// Other notes for the reader.
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
        let mut changes: Vec<Change> = keys.iter().map(change).collect();
        mark(&mut changes, &old_rows, &new_rows, threshold, Verdict::Slower);
        mark(&mut changes, &new_rows, &old_rows, threshold, Verdict::Faster);
        Self {
            threshold,
            different: differences(&old.environment, &new.environment),
            notes: notes(old, new),
            changes,
        }
    }

    /// Returns the number of rows with this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.changes.iter().filter(|change| change.verdict == verdict).count()
    }

    /// Returns true if anything became slower, beyond the threshold and beyond doubt.
    #[must_use]
    pub fn has_regression(&self) -> bool {
        self.count(Verdict::Slower) > 0
    }
}

type Rows<'a> = BTreeMap<RowKey, &'a Row>;

fn by_key(document: &Document) -> Rows<'_> {
    document.results.iter().map(|row| (row.key(), row)).collect()
}

/// Returns the notes to show beside the figures.
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

/// Compares one row; slower or faster is decided once all rows are known.
fn change(key: &RowKey, old: Option<&&Row>, new: Option<&&Row>, threshold: f64) -> Change {
    let ratio = old.zip(new).and_then(|(old, new)| statistics::ratio(values(old), values(new)));
    let verdict = match (old, new, ratio) {
        (Some(_), None, _) => Verdict::OnlyOld,
        (None, _, _) => Verdict::OnlyNew,
        (Some(old), Some(new), _) if old.fell_behind() || new.fell_behind() => Verdict::FellBehind,
        (Some(_), Some(_), None) => Verdict::TooFewRounds,
        (Some(_), Some(_), Some(ratio)) if is_within(ratio, threshold) => Verdict::Unchanged,
        (Some(_), Some(_), Some(_)) => Verdict::Unclear,
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

/// Gives `verdict` to the rows that took longer in `after` than in `before`, beyond the threshold and beyond doubt
/// among all rows that can be judged. Faster is judged in the same way, with the two runs exchanged.
fn mark(changes: &mut [Change], before: &Rows, after: &Rows, threshold: f64, verdict: Verdict) {
    let chance = |key: &RowKey| {
        let (before, after) = (values(before.get(key)?), values(after.get(key)?));
        statistics::chance_beyond(before, after, 1.0 + threshold)
    };
    let judged = changes.iter_mut().filter_map(|change| Some((chance(&change.key)?, change)));
    let (chances, judged): (Vec<f64>, Vec<_>) = judged.unzip();
    let told = statistics::significant(&chances, RISK);
    for (change, _) in judged.into_iter().zip(told).filter(|(_, told)| *told) {
        change.verdict = verdict;
    }
}

/// Returns the figures of the rounds; none if the row was not measured in rounds, or could not keep up with its rate.
fn values(row: &Row) -> &[f64] {
    row.rounds.as_ref().filter(|_| !row.fell_behind()).map_or(&[], |rounds| &rounds.values)
}

/// Returns true if the whole interval is within the threshold of no change.
fn is_within(ratio: Interval, threshold: f64) -> bool {
    ratio.low >= 1.0 / (1.0 + threshold) && ratio.high <= 1.0 + threshold
}

impl RowKey {
    /// Returns the conditions that the rows of one table share: kind, wait strategy, placement, size, and any others.
    #[must_use]
    pub fn conditions(&self) -> String {
        let Self { kind, wait, cpus, size, .. } = self;
        let mut parts = vec![kind.title().to_owned(), crate::results::units::bytes(*size)];
        parts.extend(self.rate_per_s.map(|rate| format!("{rate} messages per second")));
        if *kind == Kind::Clients {
            parts.push(crate::results::case::clients_run(self.clients, self.clients_run));
        }
        parts.extend(crate::results::units::batches(self.flush_every));
        parts.extend([format!("wait {wait}"), format!("cpus {cpus}")]);
        parts.join(", ")
    }
}
