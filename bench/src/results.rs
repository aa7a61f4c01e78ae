//! The results as plain data: what `--json` prints. Names and units are stable; [`SCHEMA_VERSION`] counts changes.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use ipc_core::play::{self, Summary};
use serde::Serialize;

use crate::rounds::Contestant;
use crate::{Case, Effort, Environment, Kind, Quartiles, Refusal, against_floor, measure, size_name, start};

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
    /// Whose code: `suite`, or `floor` for the bare calls.
    pub implementation: &'static str,
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
    /// Times of the round trips, in nanoseconds; null for throughput, and for a floor, which has no histogram.
    pub rtt_ns: Option<Summary>,
    /// How many round trips were timed together, so that looking at the clock does not count: then `rtt_ns` is about
    /// the means of so many. Null for throughput.
    pub batch: Option<u64>,
    /// Messages received in a second; null for round trips, where only one is under way at a time.
    pub messages_per_s: Option<f64>,
    /// Bytes of payload received in a second; null for round trips.
    pub bytes_per_s: Option<f64>,
    /// How it went in rounds that took turns with others; null without such rounds.
    pub rounds: Option<Rounds>,
    /// Time of this row divided by the time of its floor: the median over the rounds. 1.00 is as fast as the bare
    /// calls, and more is slower, for round trips and throughput alike. Null without a floor.
    pub floor_ratio: Option<f64>,
    /// The two values between which the middle half of the ratios lies.
    pub floor_ratio_spread: Option<[f64; 2]>,
    /// Of a floor: so many bytes were written at once; null for whole messages.
    pub piece: Option<usize>,
}

/// Figures from rounds that took turns with those of others. See [`rounds`](crate::rounds).
#[derive(Debug, Serialize)]
pub struct Rounds {
    /// How many rounds.
    pub count: usize,
    /// Messages, or round trips, in each.
    pub messages: u64,
    /// Time of a message, or of a round trip, in nanoseconds: the mean of each round.
    pub ns: Quartiles,
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
            implementation: "suite",
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
            batch: None,
            rounds: None,
            floor_ratio: None,
            floor_ratio_spread: None,
            piece: None,
        }
    }

    /// The figures of the floor of `case`.
    #[must_use]
    pub fn of_floor(case: &Case, floor: &Contestant) -> Self {
        let count = floor.count * floor.times.len() as u64;
        let elapsed = Duration::from_secs_f64(floor.quartiles().median / 1e9 * count as f64);
        let mut row = Self::new(case, count, elapsed, &play::histogram());
        row.implementation = "floor";
        row.rtt_ns = None;
        row.in_rounds(floor);
        row
    }

    /// Adds what the interleaved rounds gave.
    pub fn in_rounds(&mut self, ours: &Contestant) {
        let Contestant { count, times, .. } = ours;
        self.rounds = Some(Rounds { count: times.len(), messages: *count, ns: ours.quartiles() });
    }

    /// Adds what came out beside the floor.
    pub fn compared_with(&mut self, floor: &Contestant, ours: &Contestant) {
        let Quartiles { p25, median, p75 } = ours.ratio_to(floor);
        (self.floor_ratio, self.floor_ratio_spread) = (Some(median), Some([p25, p75]));
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

    /// Measures a case, beside its floor if that is wanted, and notes how it went.
    pub fn add(&mut self, case: Case, effort: Effort, floor: bool) {
        let measured = start(&case).and_then(|mut pair| {
            let row = measure(&mut pair, &case, effort)?;
            if floor {
                return Ok((row, Some(pair)));
            }
            pair.finish()?;
            Ok((row, None))
        });
        match measured {
            Err(Refusal::Skipped(reason)) => self.skipped.push(NotMeasured::new(&case, reason)),
            Err(Refusal::Failed(error)) => self.failed.push(NotMeasured::new(&case, error.to_string())),
            Ok((row, None)) => self.results.push(row),
            Ok((mut row, Some(pair))) => match against_floor(pair, &mut row, &case, effort) {
                Ok(floor) => self.results.extend([row, floor]),
                Err(error) => {
                    self.results.push(row);
                    self.failed.push(NotMeasured::new(&case, format!("beside its floor: {error}")));
                }
            },
        }
    }
}
