//! The results as plain data: what `--json` prints. Names and units are stable; [`SCHEMA_VERSION`] counts changes.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use ipc_core::play::Summary;
use serde::Serialize;

use crate::{Case, Effort, Environment, Kind, Refusal, measure, size_name};

/// Version of the document's form. Raised when a name or a meaning changes, not when something is added.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that one run of the harness found out.
#[derive(Debug, Serialize)]
pub struct Document {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Where it was measured.
    pub environment: Environment,
    /// What was measured.
    pub results: Vec<Row>,
    /// What a mechanism cannot do, with the reason. Never made to fit by sending less.
    pub skipped: Vec<NotMeasured>,
    /// What should have worked and did not, with the error.
    pub failed: Vec<NotMeasured>,
}

/// What one case gave.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Short name of the mechanism.
    pub mechanism: &'static str,
    /// Which way it was built.
    pub variant: &'static str,
    /// What was measured.
    pub kind: Kind,
    /// Length of each message, in bytes.
    pub size: usize,
    /// How both sides waited.
    pub wait: &'static str,
    /// Placement of the two processes: `same`, `split`, or two CPU numbers.
    pub cpus: String,
    /// The CPU of the process that sent first and measured.
    pub ping_cpu: usize,
    /// The CPU of its peer.
    pub pong_cpu: usize,
    /// Round trips, or messages, that were timed.
    pub count: u64,
    /// Times of the round trips, in nanoseconds; null for throughput.
    pub rtt_ns: Option<Summary>,
    /// Messages received in a second; null for round trips, where only one is under way at a time.
    pub messages_per_s: Option<f64>,
    /// Bytes of payload received in a second; null for round trips.
    pub bytes_per_s: Option<f64>,
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

impl Row {
    /// The figures of a case of which `count` messages took `elapsed`, or round trips took the `times`.
    #[must_use]
    pub fn new(case: &Case, count: u64, elapsed: Duration, times: &Histogram<u64>) -> Self {
        let per_second =
            (case.kind == Kind::Throughput).then(|| count as f64 / elapsed.as_secs_f64().max(1e-9));
        Self {
            mechanism: case.member.profile.name,
            variant: case.variant,
            kind: case.kind,
            size: case.size,
            wait: case.wait.name(),
            cpus: case.placement.cpus.to_string(),
            ping_cpu: case.placement.ping,
            pong_cpu: case.placement.pong,
            count,
            rtt_ns: (case.kind == Kind::RoundTrip).then(|| Summary::from(times)),
            messages_per_s: per_second,
            bytes_per_s: per_second.map(|messages| messages * case.size as f64),
        }
    }
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
            skipped: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Measures a case, and notes how it went.
    pub fn add(&mut self, case: Case, effort: Effort) {
        match measure(case, effort) {
            Ok(row) => self.results.push(row),
            Err(Refusal::Skipped(reason)) => self.skipped.push(NotMeasured::new(&case, reason)),
            Err(Refusal::Failed(error)) => self.failed.push(NotMeasured::new(&case, error.to_string())),
        }
    }
}
