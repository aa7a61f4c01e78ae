//! One row of the results: the figures of one case.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::results::case::{Case, ClientsRun, Kind};
use crate::results::cost::Costs;
use crate::results::fairness::Fairness;
use crate::results::implementation::Implementation;
use crate::results::latency::Latency;
use crate::results::pacing::Pacing;
use crate::results::quartiles::Quartiles;
use crate::results::statistics;

/// The figures of one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Short name of the mechanism.
    pub mechanism: String,
    /// The variant of the mechanism.
    pub variant: String,
    /// The name of the [`Implementation`]: `suite`, `floor` for the bare calls, or another.
    pub implementation: String,
    /// The quantity that was measured.
    pub kind: Kind,
    /// The length of each message, in bytes.
    pub size: usize,
    /// True if that is the longest message that the link carries.
    #[serde(default)] // older results do not have it
    pub at_limit: bool,
    /// The wait strategy of both sides.
    pub wait: String,
    /// The placement of the two processes: `same`, `split`, or two CPU numbers.
    pub cpus: String,
    /// The CPU of the process that sent first and measured.
    pub ping_cpu: usize,
    /// The CPU of its peer.
    pub pong_cpu: usize,
    /// The number of clients of one server; 1 unless that was measured.
    pub clients: usize,
    /// The number of processes that the clients were in; null unless that was measured.
    pub client_processes: Option<usize>,
    /// The way in which the clients were run; null unless that was measured, and in older results, where those of the
    /// message queue were run as threads and all others multiplexed.
    #[serde(default)]
    pub clients_run: Option<ClientsRun>,
    /// Open loop, and stream: the messages that were to be sent per second. Null for all others.
    pub rate_per_s: Option<u64>,
    /// Open loop, and stream: whether that rate was reached. Null for all others, and in older results.
    #[serde(default)]
    pub pacing: Option<Pacing>,
    /// Throughput, and stream: the number of messages between two flushes; 1: each was sent by itself.
    #[serde(default = "by_itself")] // older results do not have it
    pub flush_every: u64,
    /// The round trips, or messages, that were timed.
    pub count: u64,
    /// The number of round trips that were timed together, so that reading the clock does not count: then `rtt_ns` is
    /// about the means of as many. Null for throughput.
    pub batch: Option<u64>,
    /// Times of the round trips; open loop: from the moment at which each was meant to start; many clients: from a
    /// client's request to its answer, of all clients together. Null for throughput, and for a baseline, which has no
    /// histogram.
    pub rtt_ns: Option<Latency>,
    /// Open loop: times of the round trips from the moment at which each really started.
    pub service_ns: Option<Latency>,
    /// Times from just before a message was sent to just after it had been received, by the clock that both processes
    /// share. Null where a message has no room for a time, and for anything but a round trip. Stream: from the moment at
    /// which it was meant to be sent.
    pub one_way_ns: Option<Latency>,
    /// Messages received per second; null for round trips, where only one is under way at a time. Many clients:
    /// requests answered per second, of all clients together.
    pub messages_per_s: Option<f64>,
    /// Bytes of payload received per second; null for round trips.
    pub bytes_per_s: Option<f64>,
    /// The fairness between the clients of one server; null unless that was measured.
    pub fairness: Option<Fairness>,
    /// The figures of each round; null if it was not measured in rounds.
    pub rounds: Option<Rounds>,
    /// The cost of a message, or of a round trip; null if that was not measured.
    pub cost: Option<Costs>,
    /// The energy of the whole machine for each message, or round trip, in nanojoules; null where it is not reported.
    pub energy_nj: Option<f64>,
    /// The rounds that took turns with those of the baseline; null without a baseline.
    pub beside_floor: Option<Rounds>,
    /// The time of this row divided by the time of its baseline: the median over the rounds. 1.00 is as fast as the
    /// bare calls, and more is slower, for round trips and throughput alike. Null without a baseline.
    pub floor_ratio: Option<f64>,
    /// The two values that enclose the middle half of the ratios.
    pub floor_ratio_spread: Option<[f64; 2]>,
    /// The suite's time divided by this row's, in the same rounds; null for the suite's own rows.
    pub suite_ratio: Option<f64>,
    /// The two values that enclose the middle half of these ratios.
    pub suite_ratio_spread: Option<[f64; 2]>,
    /// A baseline's number of bytes written at once; null for whole messages.
    pub piece: Option<usize>,
}

/// The key that identifies the same row in two runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RowKey {
    /// As [`Row::mechanism`].
    pub mechanism: String,
    /// As [`Row::variant`].
    pub variant: String,
    /// As [`Row::implementation`].
    pub implementation: String,
    /// As [`Row::kind`].
    pub kind: Kind,
    /// As [`Row::size`].
    pub size: usize,
    /// As [`Row::wait`].
    pub wait: String,
    /// As [`Row::cpus`].
    pub cpus: String,
    /// As [`Row::clients`].
    pub clients: usize,
    /// As [`Row::clients_run`].
    pub clients_run: Option<ClientsRun>,
    /// As [`Row::rate_per_s`].
    pub rate_per_s: Option<u64>,
    /// As [`Row::flush_every`].
    pub flush_every: u64,
    /// As [`Row::piece`].
    pub piece: Option<usize>,
}

pub(super) const fn by_itself() -> u64 {
    1
}

/// Figures from rounds that took turns with those of others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rounds {
    /// The number of rounds.
    pub count: usize,
    /// Messages, or round trips, in each.
    pub messages: u64,
    /// One figure for each round, in nanoseconds, in the order in which they were played: the median time of a round
    /// trip; for throughput, and beside a baseline, the mean time of a message.
    pub values: Vec<f64>,
    /// The middle of the values.
    pub ns: Quartiles,
    /// The spread of the middle half of the values, as a share of their median.
    pub spread: f64,
    /// True if the rounds agree: [`statistics::AGREEMENT`]. If not, the row is unstable.
    pub agree: bool,
    /// The 99th percentile of each round, in nanoseconds; empty without times, and in older results.
    #[serde(default)]
    pub p99: Vec<f64>,
    /// The median one-way time of each round, in nanoseconds; empty without such times, and in older results.
    #[serde(default)]
    pub one_way: Vec<f64>,
    /// The CPU time of a message, or round trip, in each round: of both sides together, in nanoseconds. Empty beside a
    /// baseline, and in older results.
    #[serde(default)]
    pub cpu: Vec<f64>,
}

impl Rounds {
    /// Returns the figures of `values`, each from a round of `messages` messages.
    #[must_use]
    pub fn of(messages: u64, values: &[f64]) -> Self {
        Self {
            count: values.len(),
            messages,
            values: values.to_vec(),
            ns: Quartiles::of(values.iter().copied()),
            spread: statistics::spread(values).unwrap_or(0.0),
            agree: statistics::agree(values),
            p99: Vec::new(),
            one_way: Vec::new(),
            cpu: Vec::new(),
        }
    }
}

impl Row {
    /// Returns the row of a case without any figure.
    #[must_use]
    pub fn empty(case: &Case) -> Self {
        Self {
            mechanism: case.member.profile.name.into(),
            variant: case.variant.into(),
            implementation: Implementation::Suite.name().into(),
            kind: case.kind,
            size: case.size,
            at_limit: false,
            wait: case.wait.name().into(),
            cpus: case.placement.cpus.to_string(),
            ping_cpu: case.placement.ping,
            pong_cpu: case.placement.pong,
            clients: case.clients,
            client_processes: None,
            clients_run: (case.kind == Kind::Clients).then_some(case.clients_run),
            rate_per_s: case.rate,
            pacing: None,
            flush_every: case.flush_every,
            count: 0,
            batch: None,
            rtt_ns: None,
            service_ns: None,
            one_way_ns: None,
            messages_per_s: None,
            bytes_per_s: None,
            fairness: None,
            rounds: None,
            cost: None,
            energy_nj: None,
            beside_floor: None,
            floor_ratio: None,
            floor_ratio_spread: None,
            suite_ratio: None,
            suite_ratio_spread: None,
            piece: None,
        }
    }

    /// Returns the row of a case in which `count` messages took `elapsed`, or round trips took the `times`.
    #[must_use]
    pub fn new(case: &Case, count: u64, elapsed: Duration, times: &Histogram<u64>) -> Self {
        let mut row = Self { count, ..Self::empty(case) };
        match case.kind {
            Kind::RoundTrip | Kind::OpenLoop => row.rtt_ns = Latency::of(times, None),
            Kind::Throughput | Kind::Clients => row.in_time(elapsed),
            Kind::Stream => row.one_way_ns = Latency::of(times, None),
        }
        row
    }

    /// Sets the figures that follow from the time of all messages.
    pub fn in_time(&mut self, elapsed: Duration) {
        let per_second = self.count as f64 / elapsed.as_secs_f64().max(1e-9);
        self.messages_per_s = Some(per_second);
        self.bytes_per_s = Some(per_second * self.size as f64);
    }

    /// Returns the key of this row, to find it in another run.
    #[must_use]
    pub fn key(&self) -> RowKey {
        RowKey {
            mechanism: self.mechanism.clone(),
            variant: self.variant.clone(),
            implementation: self.implementation.clone(),
            kind: self.kind,
            size: self.size,
            wait: self.wait.clone(),
            cpus: self.cpus.clone(),
            clients: self.clients,
            clients_run: self.clients_run,
            rate_per_s: self.rate_per_s,
            flush_every: self.flush_every,
            piece: self.piece,
        }
    }

    /// Returns true if its messages could not be sent at their times: then its times are those of a growing queue, and
    /// no latency.
    #[must_use]
    pub fn fell_behind(&self) -> bool {
        self.pacing.is_some_and(|pacing| !pacing.kept_up)
    }

    /// Returns true if its rounds do not agree.
    #[must_use]
    pub fn is_unstable(&self) -> bool {
        self.rounds.as_ref().is_some_and(|rounds| !rounds.agree)
    }
}

/// Returns the length of messages, of those measured, that is nearest to `wanted` by its factor; `wanted` if there is
/// none. A length at which a link was measured since it is its limit says nothing of the others.
#[must_use]
pub fn nearest_size<'a>(rows: impl Iterator<Item = &'a Row>, kind: Kind, wanted: usize) -> usize {
    let of_kind = rows.filter(|row| row.kind == kind);
    let sizes = of_kind.map(|row| (row.at_limit, row.size));
    sizes.min_by_key(|&(at_limit, size)| (at_limit, distance(size, wanted))).map_or(wanted, |(_, size)| size)
}

/// Returns how far a number is from the one that is wanted, by their factor.
pub(crate) fn distance(number: usize, wanted: usize) -> u64 {
    ((number.max(1) as f64 / wanted.max(1) as f64).ln().abs() * 1e6) as u64
}

#[cfg(test)]
mod tests;
