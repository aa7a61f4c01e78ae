//! A run: everything that was asked for, measured.

use crate::{Case, Document, Effort, NotMeasured, Refusal, RunProfile, against_floor, measure, start};
use ipc_core::Result;

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How much, and how long, where nothing else is said.
    pub profile: RunProfile,
    /// The rows.
    pub cases: Vec<Case>,
    /// How long each row is timed; `None`: as the profile says.
    pub effort: Option<Effort>,
    /// Beside each row its floor.
    pub floor: bool,
    /// Also check every message, in a pass of its own.
    pub verify: bool,
}

/// Measures.
///
/// # Errors
/// What keeps anything from being measured.
pub fn run(plan: &Plan) -> Result<Document> {
    let mut document = Document::empty();
    plan.profile.name().clone_into(&mut document.profile);
    let effort = plan.effort.unwrap_or(Effort::About(plan.profile.each()));
    for &case in &plan.cases {
        let measured = start(&case).and_then(|mut pair| {
            let row = measure(&mut pair, &case, effort)?;
            Ok((row, pair))
        });
        match measured {
            Err(Refusal::Skipped(reason)) => document.skipped.push(NotMeasured::new(&case, reason)),
            Err(Refusal::Failed(error)) => document.failed.push(NotMeasured::new(&case, error.to_string())),
            Ok((mut row, pair)) if plan.floor => match against_floor(pair, &mut row, &case, effort) {
                Ok(floor) => document.results.extend([row, floor]),
                Err(error) => document.failed.push(NotMeasured::new(&case, error.to_string())),
            },
            Ok((row, _)) => document.results.push(row),
        }
    }
    document.complete = true;
    Ok(document)
}
