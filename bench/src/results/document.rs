//! The results as plain data: saved, printed as JSON, compared and drawn. Names and units are stable;
//! [`SCHEMA_VERSION`] counts changes. Everything can be read back.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::results::case::{self, Case, ClientsRun, Kind};
use crate::results::environment::Environment;
use crate::results::growth::Growth;
use crate::results::implementation::Implementation;
use crate::results::limits::MachineLimits;
use crate::results::row::Row;
use crate::results::units;

/// The version of the document's form. Raised when a name or a meaning changes, not when something is added.
///
/// 3: whole histograms, the figure of every round, costs, one-way times; the results of one run of the harness can be
/// saved and read back. Results of version 2 had the rows that `--floor` adds, which are not the suite's: see
/// [`Row::implementation`].
pub const SCHEMA_VERSION: u32 = 3;

/// The results of one run of the harness.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// True if the run finished; false after Ctrl-C: then rows have fewer rounds, or are missing.
    pub complete: bool,
    /// The profile: `quick`, `standard` or `thorough`; or `cargo bench`.
    pub profile: String,
    /// The time that the run took, in seconds.
    pub took_s: f64,
    /// The time that one reading of the clock took, in nanoseconds.
    pub clock_cost_ns: f64,
    /// The environment of the measurement.
    pub environment: Environment,
    /// What disturbed the measurement, for people, as far as the machine reports it; null if nothing looked.
    #[serde(default)] // older results do not have it
    pub disturbances: Option<Vec<String>>,
    /// The best that this machine can do, whatever the mechanism; null without baselines.
    pub limits: Option<MachineLimits>,
    /// Notes for a reader of the figures, and the reason if something is missing from all rows.
    pub notes: Vec<String>,
    /// The results of checking every message, in a pass of its own; null without one.
    pub verified: Option<Vec<Verified>>,
    /// The measured rows.
    pub results: Vec<Row>,
    /// The growth of times with the size of the messages, compared with that on the baseline; empty without baselines.
    pub growth: Vec<Growth>,
    /// The cases that a mechanism does not support, with the reason. Messages are never shortened to make a case fit.
    pub skipped: Vec<NotMeasured>,
    /// The cases that should have worked and did not, with the error.
    pub failed: Vec<NotMeasured>,
}

/// A case in which the number and the checksum of every message were checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Short name of the mechanism.
    pub mechanism: String,
    /// The variant of the mechanism.
    pub variant: String,
    /// The kind of exchange that was played.
    pub kind: Kind,
    /// Length of each message, in bytes.
    pub size: usize,
    /// The wait strategy of both sides.
    pub wait: String,
    /// The placement of the two processes.
    pub cpus: String,
    /// The number of messages that were checked.
    pub messages: u64,
    /// The error that was found; null if there was none.
    pub error: Option<String>,
}

/// A case without a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotMeasured {
    /// Short name of the mechanism.
    pub mechanism: String,
    /// The variant of the mechanism.
    pub variant: String,
    /// The quantity that was to be measured.
    pub kind: Kind,
    /// Length of each message, in bytes.
    pub size: usize,
    /// The wait strategy of both sides.
    pub wait: String,
    /// The placement of the two processes.
    pub cpus: String,
    /// The number of clients that one server was to have; null unless that was to be measured.
    #[serde(default)] // older results do not have it
    pub clients: Option<usize>,
    /// The way in which they were to be run; null unless that was to be measured.
    #[serde(default)] // older results do not have it
    pub clients_run: Option<ClientsRun>,
    /// The implementation that was to play; null for the suite.
    #[serde(default, skip_serializing_if = "Option::is_none")] // only `bench/peers` has others to name
    pub implementation: Option<String>,
    /// The reason why there are no figures.
    pub reason: String,
}

impl NotMeasured {
    /// Returns a case without a row, with the reason.
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
            clients_run: (case.kind == Kind::Clients).then_some(case.clients_run),
            implementation: None,
            reason,
        }
    }

    /// Returns a case that another implementation than the suite did not play.
    #[must_use]
    pub fn by(implementation: &str, case: &Case, reason: String) -> Self {
        Self { implementation: Some(implementation.into()), ..Self::new(case, reason) }
    }
}

impl fmt::Display for NotMeasured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            mechanism, variant, kind, size, wait, clients, clients_run, implementation, reason, ..
        } = self;
        let what = clients.map_or_else(|| kind.words(), |clients| case::clients_run(clients, *clients_run));
        match implementation {
            Some(name) => write!(f, "{name} ({mechanism} {variant})")?,
            None => write!(f, "{mechanism} ({variant})")?,
        }
        write!(f, " {what}, {}, wait {wait}: {reason}", units::bytes(*size))
    }
}

impl Document {
    /// Returns the suite's own rows. None of a run beside other libraries: those have no histograms and no costs, and are to
    /// be compared with the others alone.
    pub fn suite(&self) -> impl Iterator<Item = &Row> {
        let of_suite = |row: &&Row| row.implementation == Implementation::Suite.name();
        let rows = if self.has_others() { &[] } else { self.results.as_slice() };
        rows.iter().filter(of_suite)
    }

    /// Returns true if other libraries took part.
    #[must_use]
    pub fn has_others(&self) -> bool {
        let rows = self.results.iter().map(|row| &row.implementation);
        let none = self.skipped.iter().chain(&self.failed).filter_map(|case| case.implementation.as_ref());
        rows.chain(none).any(|name| Implementation::is_other(name))
    }

    /// Returns a document of this machine without results, and before its clock was measured.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            complete: false,
            profile: String::new(),
            took_s: 0.0,
            clock_cost_ns: 0.0,
            environment: Environment::read(),
            disturbances: None,
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
