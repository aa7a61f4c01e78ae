//! The results as plain data: what `--json` prints. Names and units are stable; [`SCHEMA_VERSION`] counts changes.

use std::fmt;

use ipc_core::Result;
use serde::Serialize;

use crate::{
    Case, Effort, Environment, Growth, Kind, Limits, Placement, Refusal, Row, against_floor, measure,
    size_name, start,
};

/// Version of the document's form. Raised when a name or a meaning changes, not when something is added.
///
/// 2: with `--floor`, `results` also holds rows that are not the suite's: see [`Row::implementation`].
pub const SCHEMA_VERSION: u32 = 2;

/// Everything that one run of the harness found out.
#[derive(Debug, Serialize)]
pub struct Document {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Where it was measured.
    pub environment: Environment,
    /// What was measured.
    pub results: Vec<Row>,
    /// How times grow with the messages, beside how they grow on the floor; empty without floors.
    pub growth: Vec<Growth>,
    /// What this machine can do at best; null without floors.
    pub limits: Option<Limits>,
    /// What a mechanism cannot do, with the reason. Never made to fit by sending less.
    pub skipped: Vec<NotMeasured>,
    /// What should have worked and did not, with the error.
    pub failed: Vec<NotMeasured>,
}

/// A case without a row.
#[derive(Debug, Serialize)]
pub struct NotMeasured {
    /// Short name of the mechanism.
    pub mechanism: &'static str,
    /// Which way it was built.
    pub variant: &'static str,
    /// What was to be measured.
    pub kind: Kind,
    /// Length of each message, in bytes.
    pub size: usize,
    /// How both sides were to wait.
    pub wait: &'static str,
    /// Why there are no figures.
    pub reason: String,
}

impl NotMeasured {
    /// A case that has no row, and why.
    #[must_use]
    pub fn new(case: &Case, reason: String) -> Self {
        Self {
            mechanism: case.member.profile.name,
            variant: case.variant,
            kind: case.kind,
            size: case.size,
            wait: case.wait.name(),
            reason,
        }
    }
}

impl fmt::Display for NotMeasured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mechanism, variant, kind, size, wait, reason } = self;
        write!(f, "{mechanism} ({variant}) {} {} {wait}: {reason}", kind.name(), size_name(*size))
    }
}

impl Document {
    /// A document without results, of this machine.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            environment: Environment::read(),
            results: Vec::new(),
            growth: Vec::new(),
            limits: None,
            skipped: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Measures a case, beside its floor if that is wanted, and notes how it went.
    pub fn add(&mut self, case: Case, effort: Effort, floor: bool) {
        let measured = start(&case).and_then(|mut pair| {
            let row = measure(&mut pair, &case, effort)?;
            pair.finish()?;
            Ok(row)
        });
        let mut row = match measured {
            Err(Refusal::Skipped(reason)) => return self.skipped.push(NotMeasured::new(&case, reason)),
            Err(Refusal::Failed(error)) => {
                return self.failed.push(NotMeasured::new(&case, error.to_string()));
            }
            Ok(row) => row,
        };
        let beside = if floor { against_floor(&mut row, case, effort) } else { Ok(Vec::new()) };
        self.results.push(row);
        match beside {
            Ok(others) => self.results.extend(others),
            Err(error) => self.failed.push(NotMeasured::new(&case, format!("beside its floor: {error}"))),
        }
    }

    /// Adds what is known when all was measured beside its floor: how times grow, and the limits of the machine.
    ///
    /// # Errors
    /// As [`Limits::measure`].
    pub fn add_limits(&mut self, placement: Placement) -> Result<()> {
        self.growth = Growth::of(&self.results);
        self.limits = Some(Limits::measure(placement)?);
        Ok(())
    }
}
