//! One finding about this machine, and its meaning for measurements.

use serde::Serialize;

/// The meaning of a finding for measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing to do.
    Good,
    /// Figures are right, but belong to a machine of this kind: worth knowing when reading them.
    Note,
    /// Figures can be wrong, or differ from run to run.
    Disturbs,
    /// The machine does not report it.
    Unknown,
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The subject of the check.
    pub what: &'static str,
    /// Its meaning for measurements.
    pub verdict: Effect,
    /// The observation, with units.
    pub found: String,
    /// A remedy, or how to read the figures; `None` where there is nothing to do.
    pub advice: Option<String>,
}

impl Finding {
    pub(super) fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, verdict: Effect::Good, found: found.into(), advice: None }
    }

    pub(super) fn note(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what, verdict: Effect::Note, found: found.into(), advice: Some(advice.into()) }
    }

    pub(super) fn disturbs(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what, verdict: Effect::Disturbs, found: found.into(), advice: Some(advice.into()) }
    }

    pub(super) fn unknown(what: &'static str) -> Self {
        Self { what, verdict: Effect::Unknown, found: "this machine does not report it".into(), advice: None }
    }
}
