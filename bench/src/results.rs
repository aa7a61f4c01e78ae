//! The results as plain data: what is saved, printed as JSON, compared and drawn. Names and units are stable;
//! [`SCHEMA_VERSION`] counts changes. Everything can be read back.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Case, Environment, Growth, Kind, Limits, Row, clock, table};

/// Version of the document's form. Raised when a name or a meaning changes, not when something is added.
///
/// 3: whole histograms, the figure of every round, costs, one-way times; what one run of the harness found can be
/// saved and read back. Results of version 2 had what `--floor` adds: rows that are not the suite's, see
/// [`Row::implementation`].
pub const SCHEMA_VERSION: u32 = 3;

/// Everything that one run of the harness found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Whether the run came to its end; false after Ctrl-C: then rows have fewer rounds, or are missing.
    pub complete: bool,
    /// How long and how much was measured: `quick`, `standard`, `thorough`.
    pub profile: String,
    /// How long the run took, in seconds.
    pub took_s: f64,
    /// What one look at the clock took, in nanoseconds.
    pub clock_cost_ns: f64,
    /// Where it was measured.
    pub environment: Environment,
    /// What this machine can do at best, whatever the mechanism; null without floors.
    pub limits: Option<Limits>,
    /// What should be known to whoever reads the figures, and why something is missing from all rows.
    pub notes: Vec<String>,
    /// What came out of checking every message, in a pass of its own; null without one.
    pub verified: Option<Vec<Verified>>,
    /// What was measured.
    pub results: Vec<Row>,
    /// How times grow with the messages, beside how they grow on the floor; empty without floors.
    pub growth: Vec<Growth>,
    /// What a mechanism cannot do, with the reason. Never made to fit by sending less.
    pub skipped: Vec<NotMeasured>,
    /// What should have worked and did not, with the error.
    pub failed: Vec<NotMeasured>,
}

/// A case of which every message was checked: its number, and its checksum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Short name of the mechanism.
    pub mechanism: String,
    /// Which way it was built.
    pub variant: String,
    /// What was played.
    pub kind: Kind,
    /// Length of each message, in bytes.
    pub size: usize,
    /// How both sides waited.
    pub wait: String,
    /// Placement of the two processes.
    pub cpus: String,
    /// Messages that were checked.
    pub messages: u64,
    /// What was wrong; null if nothing was.
    pub error: Option<String>,
}

/// A case without a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotMeasured {
    /// Short name of the mechanism.
    pub mechanism: String,
    /// Which way it was built.
    pub variant: String,
    /// What was to be measured.
    pub kind: Kind,
    /// Length of each message, in bytes.
    pub size: usize,
    /// How both sides were to wait.
    pub wait: String,
    /// Placement of the two processes.
    pub cpus: String,
    /// How many clients one server was to have; null unless that is what was to be measured.
    #[serde(default)] // older results do not have it
    pub clients: Option<usize>,
    /// Why there are no figures.
    pub reason: String,
}

impl NotMeasured {
    /// A case that has no row, and why.
    #[must_use]
    pub fn new(case: &Case, reason: String) -> Self {
        Self {
            mechanism: case.member.profile.name.into(),
            variant: case.variant.into(),
            kind: case.kind,
            size: case.size,
            wait: case.wait.name().into(),
            cpus: case.placement.cpus.to_string(),
            clients: (case.kind == Kind::Clients).then_some(case.clients),
            reason,
        }
    }
}

impl fmt::Display for NotMeasured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mechanism, variant, kind, size, wait, clients, reason, .. } = self;
        let what = clients.map_or_else(|| kind.name().to_owned(), table::clients);
        write!(f, "{mechanism} ({variant}) {what}, {}, wait {wait}: {reason}", table::bytes(*size))
    }
}

impl Document {
    /// A document without results, of this machine.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            complete: false,
            profile: String::new(),
            took_s: 0.0,
            clock_cost_ns: clock::cost(),
            environment: Environment::read(),
            limits: None,
            notes: Vec::new(),
            verified: None,
            results: Vec::new(),
            growth: Vec::new(),
            skipped: Vec::new(),
            failed: Vec::new(),
        }
    }
}
