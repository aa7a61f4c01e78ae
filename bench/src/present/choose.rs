//! The choice of a mechanism: a recommendation, by facts and by measurements on this machine.
//!
//! Facts exclude the impossible variants: the [`Profile`](ipc_core::Profile) of each mechanism and its variants. Of the
//! others, those that are too slow are excluded by figures, and the rest is ranked: by the figure that counts, or by
//! what there is to write if all are fast enough.
//!
//! | file | contents |
//! |---|---|
//! | `purpose.rs`, `rate.rs` | [`Purpose`]: the answers to the questions |
//! | `enough.rs` | whether a saved run is complete enough to choose by |
//! | `doubts.rs` | the reasons not to trust the figures |
//! | `facts.rs` | the excluded variants, and the parts that a program needs, both from the profiles |
//! | `evidence.rs` | the rows that count for a purpose |
//! | `figure.rs` | the figure of a row, its interval, and its words |
//! | `speed.rs` | whether a variant is fast enough |
//! | `ranking.rs` | the figures that cannot be told apart |
//! | `lines.rs` | the lines that a program needs |
//! | `candidate.rs` | [`Candidate`]: a suitable variant with all that is said of it; [`Excluded`] |
//! | `reasons.rs` | why the first is the first, and why the second is not |
//! | `choose.rs` | [`Choice`]: the ranking |
//! | `text.rs` | the recommendation for people |

mod candidate;
pub mod doubts;
pub mod enough;
mod evidence;
mod facts;
pub mod figure;
pub mod lines;
pub mod purpose;
mod ranking;
pub mod rate;
mod reasons;
mod speed;
pub mod text;

use ipc_core::Error;
use serde::Serialize;

use crate::present::choose::candidate::by_figures;
pub use crate::present::choose::candidate::{Candidate, Excluded};
use crate::present::choose::evidence::{Contender, Evidence, Unfit};
use crate::present::choose::lines::Lines;
use crate::present::choose::purpose::{Priority, Purpose, Shape};
use crate::present::choose::ranking::equal_to_best;
use crate::present::choose::speed::Speed;
use crate::results::document::Document;
use crate::results::registry::{self, Member};

/// The variant to take.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recommendation {
    /// The first of the ranking.
    #[serde(flatten)]
    pub candidate: Candidate,
    /// The reason.
    pub because: String,
    /// The lines to write.
    pub lines: Lines,
}

/// The variant to take otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunnerUp {
    /// The second of the ranking.
    #[serde(flatten)]
    pub candidate: Candidate,
    /// The reason why it is not the first.
    pub why_not: String,
}

/// All variants, in order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// The purpose.
    pub purpose: Purpose,
    /// The variant to take; null if none of the six does this.
    pub recommendation: Option<Recommendation>,
    /// The next one; null if there is only one.
    pub runner_up: Option<RunnerUp>,
    /// The reasons not to trust the figures.
    pub warnings: Vec<String>,
    /// The notes to show beside the figures.
    pub notes: Vec<String>,
    /// The length of the messages that the figures are about, in bytes: the nearest one that was measured.
    pub measured_size: usize,
    /// The time when the figures were measured, in UTC.
    pub measured_at: String,
    /// The placement of the two processes that the figures are about.
    pub cpus: String,
    /// The best first.
    pub ranking: Vec<Candidate>,
    /// The unsuitable variants.
    pub excluded: Vec<Excluded>,
    /// True if some of them may be suitable, but have no figure.
    #[serde(skip)]
    pub some_unmeasured: bool,
    /// True if the rate is so close to what was measured of one message after the other that it should be measured at
    /// that rate.
    #[serde(skip)]
    pub is_close: bool,
}

impl Choice {
    /// Ranks all variants of all mechanisms for `purpose` by the figures of `document`. If no messages of the requested
    /// length were measured, `max_message` returns the longest message of a variant, or `None` if that is unknown.
    pub fn of(
        purpose: &Purpose,
        document: &Document,
        max_message: impl Fn(&'static Member, &'static str) -> Option<usize>,
    ) -> Self {
        let evidence = Evidence::of(purpose, document);
        let (mut ranking, mut excluded) = (Vec::new(), Vec::new());
        let (mut is_close, mut in_pieces, mut unmeasured) = (false, false, false);
        for (at, (member, variant)) in registry::all().enumerate() {
            let (mechanism, name) = (member.profile.name, variant.name);
            // A stream can be sent in shorter pieces.
            let asks_length = purpose.shape == Shape::Message && purpose.size > evidence.size();
            let too_large = || {
                let max = asks_length.then(|| max_message(member, name))?;
                let Some(max) = max else {
                    return Some("how long its messages may be is not known: no link could be made".into());
                };
                let too_large = Error::TooLarge { len: purpose.size, max };
                (purpose.size > max)
                    .then(|| too_large.to_string() + &variant.how_to_raise_limits(purpose.size))
            };
            let reason = facts::impossible(&member.profile, variant, purpose).or_else(too_large);
            let found =
                reason.map_or_else(|| evidence.contenders(mechanism, name), |reason| Err(Unfit::Not(reason)));
            let mut exclude =
                |reason, too_slow| excluded.push(Excluded { mechanism, variant: name, reason, too_slow });
            let any = |is: &dyn Fn(&Contender) -> bool| found.as_ref().is_ok_and(|all| all.iter().any(is));
            is_close |= any(&|one| speed::is_close(one, &evidence, purpose));
            in_pieces |= any(&|one| one.pieces > 1);
            match found.map(|contenders| best_wait(contenders, &evidence, purpose)) {
                Err(Unfit::Not(reason)) => exclude(reason, false),
                Err(Unfit::Unmeasured(reason)) => {
                    exclude(reason, false);
                    unmeasured = true;
                }
                Err(Unfit::TooSlow(reason)) | Ok((_, Speed::TooSlow(reason, _))) => exclude(reason, true),
                Ok((one, speed)) => {
                    ranking.push(Candidate::of((member, variant), at, &one, speed, &evidence, purpose));
                }
            }
        }
        let by_work = purpose.priority == Priority::Simplicity || !evidence.are_of_those_clients();
        rank(&mut ranking, by_work);
        let notes = reasons::notes(purpose, &evidence, &ranking, &excluded);
        let mut choice = Self {
            purpose: *purpose,
            recommendation: None,
            runner_up: None,
            warnings: doubts::of(document),
            notes,
            measured_size: evidence.size(),
            measured_at: document.environment.timestamp.clone(),
            cpus: evidence.cpus().to_owned(),
            ranking,
            excluded,
            some_unmeasured: unmeasured,
            is_close: is_close && !in_pieces, // pieces are not sent at fixed times
        };
        choice.recommend(by_work, evidence.are_of_those_clients());
        choice
    }

    /// Returns true if figures decide, and not facts alone.
    #[must_use]
    pub fn is_by_figures(&self) -> bool {
        by_figures(&self.ranking, &self.excluded)
    }

    fn recommend(&mut self, by_work: bool, of_those_clients: bool) {
        let Some(first) = self.ranking.first() else { return };
        self.recommendation = Some(Recommendation {
            candidate: first.clone(),
            because: reasons::because(
                &self.purpose,
                &self.ranking,
                &self.excluded,
                by_work,
                of_those_clients,
            ),
            lines: Lines::of(&first.package, first.facts(), &self.purpose, &first.wait),
        });
        self.runner_up = self.ranking.get(1).map(|second| RunnerUp {
            candidate: second.clone(),
            why_not: reasons::why_not(first, second, by_work),
        });
    }
}

/// Returns the wait strategy to recommend for a variant, of at least one. Of those that cannot be told apart, and where
/// simplicity counts of all that are fast enough, the one that burns the least CPU time.
fn best_wait<'a>(
    contenders: Vec<Contender<'a>>,
    evidence: &Evidence<'a>,
    purpose: &Purpose,
) -> (Contender<'a>, Speed) {
    let with_speed = |one| {
        let speed = Speed::of(&one, evidence, purpose);
        (one, speed)
    };
    let mut best: Vec<_> = contenders.into_iter().map(with_speed).collect();
    best.sort_by(|(_, one), (_, other)| one.compare(other));
    let least = best[0].1.clone();
    best.retain(|(_, speed)| speed.compare(&least).is_eq());
    if purpose.priority != Priority::Simplicity {
        let figures: Vec<_> = best.iter().map(|(one, _)| one.figure).collect();
        let mut equal = equal_to_best(&figures).into_iter();
        best.retain(|_| equal.next().unwrap_or(false));
    }
    best.into_iter().min_by_key(|(one, _)| burns(&one.row.wait)).expect("there is at least one")
}

/// Returns how much of a CPU is burnt by waiting: nothing, a little, all of it.
fn burns(wait: &str) -> u8 {
    match wait {
        "block" => 0,
        "hybrid" => 1,
        _ => 2,
    }
}

/// Puts the best first. Of those that cannot be told apart from the best, the simplest comes first; all others follow by
/// their figures. Those that are only just fast enough come after those that are.
fn rank(candidates: &mut [Candidate], by_work: bool) {
    candidates.sort_by_key(|one| (one.barely.is_some(), one.simplicity));
    let enough = candidates.partition_point(|one| one.barely.is_none());
    let first = if enough == 0 { candidates.len() } else { enough };
    let (best, others) = candidates.split_at_mut(first);
    let equal = equal_to_best(&best.iter().map(|one| one.figure).collect::<Vec<_>>());
    best.iter_mut().zip(equal).for_each(|(one, equal)| one.equals_best = equal);
    if !by_work {
        // Those that are equal stay in the order of simplicity.
        let figure = |one: &Candidate| if one.equals_best { 0.0 } else { one.figure.ns };
        best.sort_by(|a, b| figure(a).total_cmp(&figure(b)));
        others.sort_by(|a, b| a.figure.ns.total_cmp(&b.figure.ns));
    }
}
