//! A row of the results: what one case gave.

use std::time::Duration;

use hdrhistogram::Histogram;
use ipc_core::play::{self, Summary};
use serde::Serialize;

use crate::rounds::Contestant;
use crate::{Case, Kind, Quartiles};

/// Whose code a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Implementation {
    /// The suite's, as everybody uses it.
    Suite,
    /// The bare calls: see [`floors`](crate::floors).
    Floor,
    /// The bare calls of the floor with many buffers in place of two.
    ManySlots,
    /// The suite's ring, written and read in place.
    InPlace,
    /// A ring crate, between two threads.
    Rtrb,
}

impl Implementation {
    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Suite => "suite",
            Self::Floor => "floor",
            Self::ManySlots => "many_slots",
            Self::InPlace => "in_place",
            Self::Rtrb => "rtrb",
        }
    }
}

/// What one case gave.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Short name of the mechanism.
    pub mechanism: &'static str,
    /// Which way it was built.
    pub variant: &'static str,
    /// Whose code was measured.
    pub implementation: Implementation,
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
    /// Of a row that is not the suite's: the suite's time divided by this one's, in the same rounds.
    pub suite_ratio: Option<f64>,
    /// The two values between which the middle half of these ratios lies.
    pub suite_ratio_spread: Option<[f64; 2]>,
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

impl Row {
    /// The figures of a case of which `count` messages took `elapsed`, or round trips took the `times`.
    #[must_use]
    pub fn new(case: &Case, count: u64, elapsed: Duration, times: &Histogram<u64>) -> Self {
        let per_second =
            (case.kind == Kind::Throughput).then(|| count as f64 / elapsed.as_secs_f64().max(1e-9));
        Self {
            mechanism: case.member.profile.name,
            variant: case.variant,
            implementation: Implementation::Suite,
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
            batch: (case.kind == Kind::RoundTrip).then_some(1),
            rounds: None,
            floor_ratio: None,
            floor_ratio_spread: None,
            suite_ratio: None,
            suite_ratio_spread: None,
            piece: None,
        }
    }

    /// The figures of another implementation of what `suite` does.
    #[must_use]
    pub fn of_other(
        implementation: Implementation,
        case: &Case,
        other: &Contestant,
        suite: &Contestant,
    ) -> Self {
        let count = other.count * other.times.len() as u64;
        let elapsed = Duration::from_secs_f64(other.quartiles().median / 1e9 * count as f64);
        let mut row = Self::new(case, count, elapsed, &play::histogram());
        (row.rtt_ns, row.batch) = (None, None);
        row.in_rounds(other);
        let Quartiles { p25, median, p75 } = suite.ratio_to(other);
        Self { implementation, suite_ratio: Some(median), suite_ratio_spread: Some([p25, p75]), ..row }
    }

    /// Adds what the interleaved rounds gave.
    pub fn in_rounds(&mut self, ours: &Contestant) {
        let Contestant { count, times, .. } = ours;
        self.rounds = Some(Rounds { count: times.len(), messages: *count, ns: ours.quartiles() });
    }

    /// Adds what came out beside the floor: its row says the same from its side.
    pub fn compared_with(&mut self, floor: &Self) {
        (self.floor_ratio, self.floor_ratio_spread) = (floor.suite_ratio, floor.suite_ratio_spread);
    }
}
