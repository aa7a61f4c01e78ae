//! The contents of a run.

use std::collections::BTreeMap;

use super::stop::Stop;
use crate::measure::effort::{Effort, impossible, too_large};
use crate::measure::profile::{Curves, RunProfile};
use crate::measure::sides;
use crate::results::case::{Case, Kind};
use crate::results::document::NotMeasured;

/// The contents of a run.
#[derive(Clone, Debug)]
pub struct RunPlan {
    /// The profile, for everything that is not set explicitly.
    pub profile: RunProfile,
    /// The rows.
    pub cases: Vec<Case>,
    /// Where the curves of the sizes end.
    pub curves: Curves,
    /// The time for which each row is timed, all rounds together; `None`: the profile decides.
    pub effort: Option<Effort>,
    /// Measure the baseline beside each row.
    pub baseline: bool,
    /// Also check every message, in a pass of its own.
    pub verify: bool,
    /// Show no progress.
    pub is_quiet: bool,
}

/// Every variant carries messages of this length.
pub const SHORT: usize = 4096;

impl RunPlan {
    /// Returns the first row, with the reason why it cannot be measured, if none of them can; `None` if one may. Starts
    /// processes only to ask for the limits of links, where all messages are long.
    #[must_use]
    pub fn refusal(&self) -> Option<NotMeasured> {
        let mut limits = BTreeMap::new();
        let mut first = None;
        for case in &self.cases {
            let reason = impossible(case).or_else(|| too_long(case, &mut limits))?;
            first.get_or_insert_with(|| NotMeasured::new(case, reason));
        }
        first
    }

    /// Returns the plan with the rows at the limits, if it is to have them.
    pub(super) fn with_limits(&self, stop: &Stop) -> Self {
        let mut plan = self.clone();
        if plan.curves == Curves::UpToLimits {
            add_limits(&mut plan.cases, |case| if stop.is_set() { None } else { max_message(case) });
        }
        plan
    }
}

/// Returns true for a case of a kind that is measured at many sizes.
fn is_curve(case: &Case) -> bool {
    Kind::USUAL.contains(&case.kind)
}

/// Returns the reason why a case cannot be played between two processes. `limits` has those that are known, by variant.
fn too_long(
    case: &Case,
    limits: &mut BTreeMap<(&'static str, &'static str), Option<usize>>,
) -> Option<String> {
    if case.kind == Kind::Clients || case.size <= SHORT {
        return None;
    }
    let limit = limits.entry((case.member.profile.name, case.variant)).or_insert_with(|| max_message(case));
    limit.and_then(|max| too_large(case, max))
}

/// Returns the longest message of a link. A link that cannot be set up is reported when its rows are measured.
#[must_use]
pub fn max_message(case: &Case) -> Option<usize> {
    let pair = sides::start(*case).ok()?;
    let max = pair.max_message();
    pair.finish().ok()?;
    Some(max)
}

/// Adds the cases at the longest message that `max_message` returns for a link, where it is between two sizes; each
/// before the longer ones.
fn add_limits(cases: &mut Vec<Case>, max_message: impl Fn(&Case) -> Option<usize>) {
    let is_link = |a: &Case, b: &Case| {
        (a.member.profile.name, a.variant, a.placement) == (b.member.profile.name, b.variant, b.placement)
    };
    let mut links: Vec<(Case, usize)> = Vec::new();
    for case in cases.iter().filter(|case| is_curve(case)) {
        if !links.iter().any(|(link, _)| is_link(link, case)) {
            links.push((*case, max_message(case).unwrap_or(0)));
        }
    }
    let of_curve = |a: &Case, b: &Case| is_link(a, b) && (a.kind, a.wait) == (b.kind, b.wait);
    for (link, max) in links {
        let of_link: Vec<Case> =
            cases.iter().filter(|case| is_curve(case) && is_link(case, &link)).copied().collect();
        for next in of_link.iter().filter(|next| next.size > max) {
            let curve = of_link.iter().filter(|case| of_curve(case, next));
            let before = curve.filter(|case| case.size < next.size).map(|case| case.size).max();
            if before.is_some_and(|before| before < max) {
                let is_longer = |case: &Case| {
                    (case.kind, case.wait, case.placement, case.size)
                        == (next.kind, next.wait, next.placement, next.size)
                };
                let at = cases.iter().position(is_longer).unwrap_or(cases.len());
                cases.insert(at, Case { size: max, ..*next });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ipc_core::Wait;

    use super::*;
    use crate::invented::case;

    fn sizes(max: usize) -> String {
        let mut cases = Vec::new();
        for wait in [Wait::Block, Wait::Hybrid] {
            for size in [64, 1000, 4000] {
                for variant in ["sysv", "posix"] {
                    cases.push(Case { size, ..case("msgq", variant, Kind::Throughput, wait) });
                }
            }
        }
        cases.push(Case { rate: Some(1), ..case("msgq", "sysv", Kind::OpenLoop, Wait::Block) });
        add_limits(&mut cases, |case| Some(if case.variant == "sysv" { max } else { 1 << 30 }));
        let names = cases.iter().map(|case| format!("{}{}", &case.variant[..1], case.size));
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_limit_between_two_sizes_has_a_row_of_its_own_and_no_other_has() {
        let usual = "s64 p64 s1000 p1000 s4000 p4000 s64 p64 s1000 p1000 s4000 p4000 s64";
        assert_eq!(sizes(999), usual.replace("s1000", "s999 s1000"));
        assert_eq!(sizes(1001), usual.replace("s4000", "s1001 s4000"));
        assert_eq!(sizes(3999), usual.replace("s4000", "s3999 s4000"));
        for max in [0, 10, 63, 64, 1000, 4000, 4001, 1 << 40] {
            assert_eq!(sizes(max), usual, "{max} is below, above, or asked for");
        }
    }
}
