//! Where the results of a run are saved.

use std::path::PathBuf;

use clap::ArgMatches;
use ipc_bench::results::document::Document;
use ipc_bench::results::output::Output;
use ipc_bench::results::saved;
use ipc_core::Result;

/// The place where the results are kept.
pub(super) enum Keeper {
    /// The directory named on the command line.
    Named(Output),
    /// The directory in which `choose` and `report` look for runs.
    Place(PathBuf),
    /// None, as was reported before.
    Nowhere,
}

impl Keeper {
    /// Tries out both directories before anything is measured. It is an error only if the named one cannot be used.
    pub(super) fn of(matches: &ArgMatches) -> Result<Self> {
        if let Some(dir) = matches.get_one::<PathBuf>("output") {
            return Output::create(dir).map(Self::Named);
        }
        Ok(saved::try_place().map_or_else(
            |reason| {
                eprintln!("warning: the results will not be saved: {reason}");
                Self::Nowhere
            },
            Self::Place,
        ))
    }

    pub(super) fn keep(&self, document: &Document, is_quiet: bool) -> Result<()> {
        let replaces = matches!(self, Self::Named(output) if output.has_results());
        if replaces && document.results.is_empty() {
            eprintln!("not saved: nothing was measured that could replace the results of an older run");
            return Ok(());
        }
        let saved = match self {
            Self::Named(output) => output.save(document)?,
            // Without figures it is of no use to `choose` and `report`, and would displace an older run.
            Self::Place(_) if document.results.is_empty() => return Ok(()),
            Self::Place(place) => saved::keep(place, document)?,
            Self::Nowhere => return Ok(()),
        };
        let replaced = if replaces { ", replacing an older run" } else { "" };
        if !is_quiet {
            eprintln!("saved as {}{replaced}", saved.display());
        }
        Ok(())
    }
}
