//! The contents of a run.

use crate::measure::effort::Effort;
use crate::measure::profile::RunProfile;
use crate::results::case::Case;

/// The contents of a run.
#[derive(Clone, Debug)]
pub struct RunPlan {
    /// The profile, for everything that is not set explicitly.
    pub profile: RunProfile,
    /// The rows.
    pub cases: Vec<Case>,
    /// The time for which each row is timed, all rounds together; `None`: the profile decides.
    pub effort: Option<Effort>,
    /// Measure the baseline beside each row.
    pub baseline: bool,
    /// Also check every message, in a pass of its own.
    pub verify: bool,
}
