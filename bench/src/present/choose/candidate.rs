//! A suitable variant with all that is said of it.

use ipc_core::Variant;
use serde::Serialize;

use super::evidence::{Contender, Evidence};
use super::facts::{self, Parts};
use super::figure::Figure;
use super::purpose::Purpose;
use super::speed::Speed;
use crate::results::registry::{Member, member};

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
    /// The figure that counts. Where simplicity counts it is only shown.
    pub figure: Figure,
    /// The figure in words.
    pub figure_text: String,
    /// What else was measured, in words.
    pub beside: Vec<String>,
    /// True if its figure cannot be told apart from the best one.
    pub equals_best: bool,
    /// The reason why it is only just fast enough; null if it is fast enough, or nothing was said about speed.
    pub barely: Option<String>,
    /// The parts that the user has to write.
    pub work: Vec<String>,
    /// The parts that the crate provides.
    pub provided: Vec<String>,
    /// Where it is in the order of simplicity.
    #[serde(skip)]
    pub(super) simplicity: Simplicity,
}

/// The less of each, the simpler: parts to write, parts at all, memory that both sides can change at any time, and the
/// time for which data stays that is not read. Then the order of the course.
pub(super) type Simplicity = (usize, usize, bool, u8, usize);

/// An unsuitable variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// Short name of the mechanism.
    pub mechanism: &'static str,
    /// The variant of the mechanism.
    pub variant: &'static str,
    /// The reason.
    pub reason: String,
    /// True if it could do this if it were faster.
    pub too_slow: bool,
}

impl Candidate {
    /// Returns a variant, which is the one at `at` in the order of the course, with one of its wait strategies.
    pub(super) fn of(
        (member, variant): (&'static Member, &'static Variant),
        at: usize,
        one: &Contender,
        speed: Speed,
        evidence: &Evidence,
        purpose: &Purpose,
    ) -> Self {
        let profile = &member.profile;
        let parts = Parts::of(profile, variant, purpose, one.pieces);
        let simplicity =
            (parts.work.len(), parts.count(), facts::is_memory(variant), facts::outlasts(variant), at);
        let measure = evidence.measure();
        let mut beside = measure.beside(one.row);
        if one.pieces > 1 {
            beside.push(format!("in {} pieces", one.pieces));
        }
        Self {
            mechanism: profile.name,
            variant: variant.name,
            package: format!("ipc-{}", profile.name),
            wait: one.row.wait.clone(),
            figure_text: measure.words(one.figure, evidence.size()),
            figure: one.figure,
            beside,
            equals_best: false,
            barely: match speed {
                Speed::Barely(reason) => Some(reason),
                Speed::Enough | Speed::TooSlow(..) => None,
            },
            work: parts.work,
            provided: parts.provided,
            simplicity,
        }
    }

    /// Returns the facts about its variant.
    pub(super) fn facts(&self) -> &'static Variant {
        let found = member(self.mechanism).and_then(|member| member.variant(self.variant));
        found.expect("it was made from one")
    }
}

/// Returns true if figures decide, and not facts alone.
pub(super) fn by_figures(ranking: &[Candidate], excluded: &[Excluded]) -> bool {
    !ranking.is_empty() || excluded.iter().any(|one| one.too_slow)
}
