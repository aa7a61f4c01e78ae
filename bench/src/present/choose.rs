//! The choice of a mechanism: ranked by measurements on this machine.
//!
//! Facts exclude the impossible variants: the [`Profile`](ipc_core::Profile) of each mechanism and its variants. The
//! others are ranked by figures.
//!
//! | file | contents |
//! |---|---|
//! | `purpose.rs` | [`Purpose`]: the answers to eight questions |
//! | `enough.rs` | whether a saved run is complete enough to choose by |
//! | `facts.rs` | the excluded variants, and the code that the user has to write, both from the profiles |
//! | `figure.rs` | the row that counts for a purpose, and its figure |
//! | `choose.rs` | [`Choice`]: the ranking |
//! | `text.rs` | the ranking for people |

pub mod enough;
mod facts;
mod figure;
pub mod purpose;
pub mod text;

use ipc_core::Error;
use serde::Serialize;

use crate::present::choose::figure::{BestRow, Evidence};
use crate::present::choose::purpose::{Priority, Purpose, Shape};
use crate::results::document::Document;
use crate::results::registry::{self, Member};
use crate::results::statistics;

/// A suitable variant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// Short name of the mechanism.
    pub mechanism: &'static str,
    /// The variant of the mechanism.
    pub variant: &'static str,
    /// The package to open.
    #[serde(rename = "crate")]
    pub package: String,
    /// The wait strategy of both sides when it was measured.
    pub wait: String,
    /// The figure that ranks it, in nanoseconds: the time, or the CPU time, of a message or a round trip. Where
    /// simplicity counts it is only shown.
    pub figure_ns: f64,
    /// The code that the user has to write.
    pub work: Vec<&'static str>,
    /// The reason for its rank: one sentence, with the figure.
    pub reason: String,
}

/// An unsuitable variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// Short name of the mechanism.
    pub mechanism: &'static str,
    /// The variant of the mechanism.
    pub variant: &'static str,
    /// The reason.
    pub reason: String,
}

/// All variants, in order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// The purpose.
    pub purpose: Purpose,
    /// The length of the messages that the figures are about, in bytes: the nearest one that was measured.
    pub measured_size: usize,
    /// The placement of the two processes that the figures are about.
    pub cpus: String,
    /// The notes to show beside the figures.
    pub notes: Vec<String>,
    /// The best first.
    pub ranking: Vec<Candidate>,
    /// The unsuitable variants.
    pub excluded: Vec<Excluded>,
}

impl Choice {
    /// Ranks all variants of all mechanisms for `purpose` by the figures of `document`. If no messages of the requested
    /// length were measured, `max_message` returns the longest message of a variant, or `None` if that is unknown.
    pub fn of(
        purpose: &Purpose,
        document: &Document,
        max_message: impl Fn(&'static Member, &'static str) -> Option<usize>,
    ) -> Self {
        let figures = Evidence::of(purpose, document);
        let mut choice = Self {
            purpose: *purpose,
            measured_size: figures.size(),
            cpus: figures.cpus().to_owned(),
            notes: figures.notes(),
            ranking: Vec::new(),
            excluded: Vec::new(),
        };
        // A stream can be sent in shorter pieces.
        let asks_length = purpose.shape == Shape::Message && purpose.size > figures.size();
        let mut any_too_large = false;
        for (member, variant) in registry::all() {
            let profile = &member.profile;
            let (mechanism, variant_name) = (profile.name, variant.name);
            let too_large = || {
                let max = asks_length.then(|| max_message(member, variant_name)).flatten()?;
                (purpose.size > max).then(|| Error::TooLarge { len: purpose.size, max }.to_string())
            };
            let found = if let Some(reason) = facts::impossible(profile, variant, purpose) {
                Err(reason)
            } else if let Some(reason) = too_large() {
                any_too_large = true;
                Err(reason)
            } else {
                figures.find(mechanism, variant_name)
            };
            match found {
                Err(reason) => choice.excluded.push(Excluded { mechanism, variant: variant_name, reason }),
                Ok(BestRow { row, figure_ns, said }) => {
                    let work = facts::work(profile, variant, purpose);
                    let package = format!("ipc-{mechanism}");
                    let reason = format!("{said}; {}; open `{package}`.", facts::in_words(&work));
                    choice.ranking.push(Candidate {
                        mechanism,
                        variant: variant_name,
                        package,
                        wait: row.wait.clone(),
                        figure_ns,
                        work,
                        reason,
                    });
                }
            }
        }
        if any_too_large {
            choice
                .notes
                .push("what is longer than a link carries can be sent in pieces: `--unit stream`".into());
        }
        if purpose.priority == Priority::Simplicity || !figures.are_of_those_clients() {
            choice.ranking.sort_by_key(|candidate| candidate.work.len()); // ties stay in the order of the course
        } else {
            rank(&mut choice.ranking);
        }
        choice
    }
}

/// Puts the best first. Figures within [`statistics::AGREEMENT`] of the best of them count as equal, since they may
/// change places in the next run; among these, the variant with the least work comes first.
fn rank(candidates: &mut [Candidate]) {
    candidates.sort_by(|a, b| a.figure_ns.total_cmp(&b.figure_ns));
    let mut rest = candidates;
    while let Some(best) = rest.first() {
        let limit = best.figure_ns * (1.0 + statistics::AGREEMENT);
        let equal = rest.partition_point(|candidate| candidate.figure_ns <= limit).max(1);
        let (group, others) = rest.split_at_mut(equal);
        group.sort_by_key(|candidate| candidate.work.len());
        rest = others;
    }
}
