//! A run that is watched: its document says what disturbed it.

use std::time::Duration;

use crate::doctor::files::Files;
use crate::doctor::finding::{Effect, Finding};
use crate::doctor::load::Load;
use crate::doctor::{now, settings};
use crate::measure::run::plan::RunPlan;
use crate::measure::run::stop::Stop;
use crate::measure::{handover, run};
use crate::results::document::Document;

/// Measures as [`run::run`], and looks for disturbances meanwhile: the settings of the machine, and the load by others from
/// the beginning to the end. That a build is not optimised is part of the environment, and so is the hand-over between
/// cores, which is measured first.
#[must_use]
pub fn run(plan: &RunPlan, stop: &Stop, afterwards: Duration) -> Document {
    watch(|| run::run(plan, stop, afterwards))
}

/// As [`run()`], for a document that `measure` returns.
#[must_use]
pub fn watch(measure: impl FnOnce() -> Document) -> Document {
    let mut findings = settings::of_machine(&Files::of_this_machine());
    findings.extend(now::one_core());
    let handovers = handover::between_cores();
    let load = Load::watch();
    let mut document = measure();
    document.environment.handovers = handovers.ok();
    findings.extend(load.findings());
    document.disturbances = Some(disturbances(&findings));
    document
}

/// Returns the findings that disturb, for people.
fn disturbances(findings: &[Finding]) -> Vec<String> {
    let disturbing = findings.iter().filter(|finding| finding.verdict == Effect::Disturbs);
    disturbing.map(|Finding { what, found, .. }| format!("{what}: {found}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_disturbs_is_told() {
        let findings = [
            Finding::good("clock", "tsc"),
            Finding::disturbs("CPU frequency", "governor powersave", "change it"),
            Finding::note("virtual machine", "yes", "read with care"),
            Finding::unknown("CPU boost"),
            Finding::disturbs("other load", "43.0 % of the CPUs during 7 s", "find it"),
        ];
        let expected = ["CPU frequency: governor powersave", "other load: 43.0 % of the CPUs during 7 s"];
        assert_eq!(disturbances(&findings), expected);
    }
}
