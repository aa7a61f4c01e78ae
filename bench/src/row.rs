//! One row of the results: what one case gave.

use std::time::Duration;

use hdrhistogram::Histogram;
use ipc_core::play::Usage;
use serde::{Deserialize, Serialize};

use crate::rounds::Contestant;
use crate::{Case, Kind, Latency, Quartiles, statistics};

/// What one case gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Short name of the mechanism.
    pub mechanism: String,
    /// Which way it was built.
    pub variant: String,
    /// Whose code: `suite`, or `floor` for the bare calls.
    pub implementation: String,
    /// What was measured.
    pub kind: Kind,
    /// Length of each message, in bytes.
    pub size: usize,
    /// How both sides waited.
    pub wait: String,
    /// Placement of the two processes: `same`, `split`, or two CPU numbers.
    pub cpus: String,
    /// The CPU of the process that sent first and measured.
    pub ping_cpu: usize,
    /// The CPU of its peer.
    pub pong_cpu: usize,
    /// How many clients talked to one server; 1 unless that is what was measured.
    pub clients: usize,
    /// Open loop: messages that were to be sent in a second. Null for all others.
    pub rate_per_s: Option<u64>,
    /// Round trips, or messages, that were timed.
    pub count: u64,
    /// How many round trips were timed together, so that looking at the clock does not count: then `rtt_ns` is about
    /// the means of so many. Null for throughput.
    pub batch: Option<u64>,
    /// Times of the round trips; open loop: from the moment at which each was meant to start. Null for throughput,
    /// and for a floor, which has no histogram.
    pub rtt_ns: Option<Latency>,
    /// Open loop: times of the round trips from the moment at which each really started.
    pub service_ns: Option<Latency>,
    /// Times from just before a message was sent to just after it had been received, by the clock that both processes
    /// share. Null where a message has no room for a time, and for what is not a round trip.
    pub one_way_ns: Option<Latency>,
    /// Messages received in a second; null for round trips, where only one is under way at a time.
    pub messages_per_s: Option<f64>,
    /// Bytes of payload received in a second; null for round trips.
    pub bytes_per_s: Option<f64>,
    /// How evenly several clients were served; null for one.
    pub fairness: Option<Fairness>,
    /// What each round gave; null if it was not measured in rounds.
    pub rounds: Option<Rounds>,
    /// What a message, or a round trip, cost; null if that was not measured.
    pub cost: Option<Costs>,
    /// Energy of the whole machine for each message, or round trip, in nanojoules; null where it is not told.
    pub energy_nj: Option<f64>,
    /// The rounds that took turns with those of the floor; null without a floor.
    pub beside_floor: Option<Rounds>,
    /// Time of this row divided by the time of its floor: the median over the rounds. 1.00 is as fast as the bare
    /// calls, and more is slower, for round trips and throughput alike. Null without a floor.
    pub floor_ratio: Option<f64>,
    /// The two values between which the middle half of the ratios lies.
    pub floor_ratio_spread: Option<[f64; 2]>,
    /// Of a floor: so many bytes were written at once; null for whole messages.
    pub piece: Option<usize>,
}

/// What makes a row the same one in two runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[allow(missing_docs)] // as in `Row`
pub struct RowKey {
    pub mechanism: String,
    pub variant: String,
    pub implementation: String,
    pub kind: Kind,
    pub size: usize,
    pub wait: String,
    pub cpus: String,
    pub clients: usize,
    pub rate_per_s: Option<u64>,
    pub piece: Option<usize>,
}

/// Figures from rounds that took turns with those of others. See [`rounds`](crate::rounds).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rounds {
    /// How many rounds.
    pub count: usize,
    /// Messages, or round trips, in each.
    pub messages: u64,
    /// One figure for each round, in nanoseconds, in the order in which they were played: the median time of a round
    /// trip; for throughput, and beside a floor, the mean time of a message.
    pub values: Vec<f64>,
    /// The middle of the values.
    pub ns: Quartiles,
    /// How far the middle half of the values is spread, as a share of their median.
    pub spread: f64,
    /// Whether the rounds agree: [`statistics::AGREEMENT`]. If not, the row is unstable.
    pub agree: bool,
}

/// What a message cost on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// The process that sent first.
    pub ping: Cost,
    /// Its peer.
    pub pong: Cost,
}

/// What one side spent on a message, or on a round trip: the mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// CPU time in the program itself, in nanoseconds.
    pub user_ns: f64,
    /// CPU time in the kernel, in nanoseconds.
    pub system_ns: f64,
    /// How often it went to sleep.
    pub voluntary_switches: f64,
    /// How often another one was given its CPU.
    pub involuntary_switches: f64,
    /// Pages that were there but not yet mapped.
    pub minor_faults: f64,
    /// Pages that had to be read from a disk.
    pub major_faults: f64,
    /// System calls; null where this machine does not let them be counted, and the document's notes say why.
    pub syscalls: Option<f64>,
}

/// How many messages the clients of one server got through in the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fairness {
    /// The one that got the fewest.
    pub min: u64,
    /// The one in the middle.
    pub median: u64,
    /// The one that got the most.
    pub max: u64,
}

impl Cost {
    /// What each of so many messages cost. The exact CPU time is divided into user and system as the kernel's less exact
    /// account of the two says.
    #[must_use]
    pub fn of(usage: &Usage, messages: u64) -> Self {
        let each = |number: u64| number as f64 / messages.max(1) as f64;
        let known = usage.user + usage.system;
        let in_kernel = if known.is_zero() { 0.0 } else { usage.system.as_secs_f64() / known.as_secs_f64() };
        let cpu = each(usage.cpu.as_nanos() as u64);
        Self {
            user_ns: cpu * (1.0 - in_kernel),
            system_ns: cpu * in_kernel,
            voluntary_switches: each(usage.voluntary_switches),
            involuntary_switches: each(usage.involuntary_switches),
            minor_faults: each(usage.minor_faults),
            major_faults: each(usage.major_faults),
            syscalls: None,
        }
    }

    /// All CPU time, in nanoseconds.
    #[must_use]
    pub fn cpu_ns(&self) -> f64 {
        self.user_ns + self.system_ns
    }
}

impl Rounds {
    /// What `values` say, each from a round of so many messages.
    #[must_use]
    pub fn of(messages: u64, values: &[f64]) -> Self {
        Self {
            count: values.len(),
            messages,
            values: values.to_vec(),
            ns: Quartiles::of(values.iter().copied()),
            spread: statistics::spread(values).unwrap_or(0.0),
            agree: statistics::agree(values),
        }
    }
}

impl Row {
    /// A row of a case without any figure.
    #[must_use]
    pub fn empty(case: &Case) -> Self {
        Self {
            mechanism: case.member.profile.name.into(),
            variant: case.variant.into(),
            implementation: "suite".into(),
            kind: case.kind,
            size: case.size,
            wait: case.wait.name().into(),
            cpus: case.placement.cpus.to_string(),
            ping_cpu: case.placement.ping,
            pong_cpu: case.placement.pong,
            clients: 1,
            rate_per_s: case.rate,
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
            piece: None,
        }
    }

    /// The figures of a case of which `count` messages took `elapsed`, or round trips took the `times`.
    #[must_use]
    pub fn new(case: &Case, count: u64, elapsed: Duration, times: &Histogram<u64>) -> Self {
        let mut row = Self { count, ..Self::empty(case) };
        match case.kind {
            Kind::RoundTrip | Kind::OpenLoop => row.rtt_ns = Latency::of(times, None),
            Kind::Throughput | Kind::Clients => row.in_time(elapsed),
        }
        row
    }

    /// So many messages took so long.
    pub fn in_time(&mut self, elapsed: Duration) {
        let per_second = self.count as f64 / elapsed.as_secs_f64().max(1e-9);
        self.messages_per_s = Some(per_second);
        self.bytes_per_s = Some(per_second * self.size as f64);
    }

    /// The figures of the floor of `case`.
    #[must_use]
    pub fn of_floor(case: &Case, floor: &Contestant) -> Self {
        let mut row = Self { count: floor.count * floor.times.len() as u64, ..Self::empty(case) };
        if case.kind == Kind::Throughput {
            row.in_time(Duration::from_secs_f64(floor.quartiles().median / 1e9 * row.count as f64));
        }
        row.implementation = "floor".into();
        row.rounds = Some(Rounds::of(floor.count, &floor.times));
        row
    }

    /// Adds what came out beside the floor.
    pub fn compared_with(&mut self, floor: &Contestant, ours: &Contestant) {
        let Quartiles { p25, median, p75 } = ours.ratio_to(floor);
        self.beside_floor = Some(Rounds::of(ours.count, &ours.times));
        (self.floor_ratio, self.floor_ratio_spread) = (Some(median), Some([p25, p75]));
    }

    /// Which row this is, to find it in another run.
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
            rate_per_s: self.rate_per_s,
            piece: self.piece,
        }
    }

    /// Whether its rounds do not agree.
    #[must_use]
    pub fn is_unstable(&self) -> bool {
        self.rounds.as_ref().is_some_and(|rounds| !rounds.agree)
    }
}
