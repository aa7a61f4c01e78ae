//! The results of two hosts as plain data.

use ipc_bench::results::environment::Environment;
use serde::{Deserialize, Serialize};

use super::{Medium, Plan, Wire};

/// The version of the form of [`HostsResults`].
pub const SCHEMA_VERSION: u32 = 1;

/// The results of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HostsResults {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// True if the run finished; false after Ctrl-C: then rows have fewer runs, or are missing.
    pub complete: bool,
    /// The time that all took, in seconds.
    pub took_s: f64,
    /// The length of the messages, in bytes.
    pub size: usize,
    /// How long the sender sent in each run, in seconds.
    pub each_s: f64,
    /// The host of the sender, whose clock it is.
    pub sender: String,
    /// The host of the receiver, and of the NATS server.
    pub receiver_and_server: String,
    /// The environment of the measurement.
    pub environment: Environment,
    /// The rows.
    pub results: Vec<HostsRow>,
    /// The rows that were not measured.
    pub skipped: Vec<Skipped>,
}

/// One mechanism, over one wire, with one window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HostsRow {
    /// The mechanism.
    pub mechanism: Medium,
    /// The wire.
    #[serde(flatten)]
    pub wire: Wire,
    /// What it was made of.
    pub wire_kind: String,
    /// The most messages under way without an acknowledgement.
    pub window: u64,
    /// The messages acknowledged per second, in each run.
    pub runs: Vec<f64>,
    /// Their median; null if there is none.
    pub messages_per_s: Option<f64>,
    /// Why there is no figure: what was received is not what was sent, for example. Null if there is one.
    pub refused: Option<String>,
}

/// A row that was not measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Skipped {
    /// The mechanism.
    pub mechanism: Medium,
    /// The wire.
    #[serde(flatten)]
    pub wire: Wire,
    /// The window.
    pub window: u64,
    /// The reason.
    pub reason: String,
}

impl HostsResults {
    pub(super) fn new(plan: &Plan, environment: Environment) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            complete: false,
            took_s: 0.0,
            size: plan.size,
            each_s: plan.each.as_secs_f64(),
            sender: "a".into(),
            receiver_and_server: "b".into(),
            environment,
            results: Vec::new(),
            skipped: Vec::new(),
        }
    }
}

impl HostsRow {
    pub(super) fn new(mechanism: Medium, wire: Wire, wire_kind: &str, window: u64) -> Self {
        let wire_kind = wire_kind.into();
        Self { mechanism, wire, wire_kind, window, runs: Vec::new(), messages_per_s: None, refused: None }
    }
}
