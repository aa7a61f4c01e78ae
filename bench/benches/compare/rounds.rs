//! The comparison in rounds that take turns.

use std::path::PathBuf;

use ipc_bench::measure::profile::RunProfile;
use ipc_bench::measure::run::plan::RunPlan;
use ipc_bench::results::case::{Case, Kind, Placement};
use ipc_bench::results::document::Document;
use ipc_bench::results::saved;
use ipc_core::{Result, Wait};
use ipc_demo::cpus::Cpus;

/// Returns the plan: every variant, on two CPUs if there are two. Spinning is shown where it matters most, in the shortest
/// round trip, and not where both sides would have to share a CPU.
pub fn plan(profile: RunProfile) -> Result<RunPlan> {
    let placement = Placement::resolve(Cpus::available())?;
    let sizes = profile.sizes();
    let mut cases = Vec::new();
    for kind in Kind::USUAL {
        for &wait in profile.waits() {
            cases.extend(sizes.iter().flat_map(|&size| Case::of_each(kind, size, wait, placement)));
        }
        if kind == Kind::RoundTrip && placement.ping != placement.pong {
            cases.extend(Case::of_each(kind, sizes[0], Wait::Spin, placement));
        }
    }
    Ok(RunPlan {
        profile,
        cases,
        curves: profile.curves(),
        effort: None,
        baseline: false,
        verify: false,
        is_quiet: false,
    })
}

/// The directory in which `choose`, `report` and `compare` look for runs; or the reason why there is none.
pub struct Place(std::result::Result<PathBuf, String>);

impl Place {
    /// Tries out the directory, before minutes of measuring.
    pub fn of_this_user() -> Self {
        let place = saved::try_place().map_err(|error| error.to_string());
        if let Err(reason) = &place {
            eprintln!("warning: the run will not be saved: {reason}");
        }
        Self(place)
    }

    /// Saves a run, and says where.
    pub fn keep(&self, document: &Document) -> String {
        let kept = self
            .0
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|place| saved::keep(place, document).map_err(|error| error.to_string()));
        match kept {
            Ok(dir) => format!("saved as {}", dir.display()),
            Err(reason) => format!("not saved: {reason}"),
        }
    }
}
