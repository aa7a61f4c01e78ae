//! The results of a row's rounds, added up.

use std::time::Duration;

use hdrhistogram::Histogram;
use ipc_demo::exchange::{self, Usage};

use crate::measure::clients::many_clients::{self, TurnResult};
use crate::measure::task::TaskResult;
use crate::results::case::{Case, Kind};
use crate::results::cost::{Cost, Costs};
use crate::results::fairness::Fairness;
use crate::results::latency::Latency;
use crate::results::pacing::Pacing;
use crate::results::row::{Rounds, Row};
use crate::results::statistics;

/// The results of the rounds.
#[derive(Default)]
pub(super) struct Figures {
    pub(super) count: u64,
    /// The round trips, or messages, in the last round.
    in_a_round: u64,
    elapsed: Duration,
    times: Option<Histogram<u64>>,
    service: Option<Histogram<u64>>,
    pub(super) one_way: Option<Histogram<u64>>,
    /// One figure for each round.
    values: Vec<f64>,
    means: Vec<f64>,
    one_way_means: Vec<f64>,
    p99s: Vec<f64>,
    one_way_medians: Vec<f64>,
    cpu: Vec<f64>,
    service_means: Vec<f64>,
    /// Messages per second.
    rates: Vec<f64>,
    ping: Usage,
    pong: Usage,
    /// The messages to which the usage belongs.
    paid: u64,
    /// The energy of the whole machine meanwhile, in microjoules; `None` where it is not reported.
    energy: Option<u64>,
    /// Many clients: the number of requests of each that were answered.
    counts: Vec<u64>,
}

impl Figures {
    /// Adds energy, in microjoules, if it is known.
    pub(super) fn use_energy(&mut self, microjoules: Option<u64>) {
        if let Some(microjoules) = microjoules {
            self.energy = Some(self.energy.unwrap_or(0) + microjoules);
        }
    }

    /// Adds a task of `count` timed messages, out of `messages` in all.
    pub(super) fn add(&mut self, count: u64, messages: u64, played: TaskResult) {
        self.count += count;
        self.paid += messages;
        self.elapsed += played.elapsed;
        merge(&mut self.times, Some(played.times));
        merge(&mut self.service, played.service);
        merge(&mut self.one_way, played.one_way);
        self.ping = self.ping.plus(&played.ping);
        self.pong = self.pong.plus(&played.pong);
    }

    /// Returns the mean time of one of them.
    pub(super) fn each(&self) -> Duration {
        self.elapsed.div_f64(self.count as f64)
    }

    /// Adds a turn of many clients.
    pub(super) fn add_served(&mut self, served: TurnResult) {
        let in_window = served.counts.iter().sum();
        self.add(in_window, served.all, served.played);
        self.add_counts(&served.counts);
    }

    /// Adds a round without any answer: it has no time per message, but its time has passed.
    pub(super) fn add_idle(&mut self, round: &Self) {
        self.elapsed += round.elapsed;
        self.add_counts(&round.counts);
    }

    /// Returns true if time passed without any result.
    pub(super) fn only_waited(&self) -> bool {
        self.count == 0 && !self.elapsed.is_zero()
    }

    fn add_counts(&mut self, counts: &[u64]) {
        self.counts.resize(counts.len().max(self.counts.len()), 0);
        self.counts.iter_mut().zip(counts).for_each(|(all, some)| *all += some);
    }

    /// Adds a round.
    pub(super) fn add_round(&mut self, kind: Kind, round: Self) {
        let each = round.elapsed.as_nanos() as f64 / round.count as f64;
        self.values.push(match (kind, &round.times, &round.one_way) {
            (Kind::RoundTrip | Kind::OpenLoop, Some(times), _) | (Kind::Stream, _, Some(times)) => {
                times.value_at_quantile(0.5) as f64
            }
            _ => each,
        });
        self.rates.push(1e9 / each);
        let mean = |times: &Option<Histogram<u64>>| times.as_ref().map(Histogram::mean);
        self.means.extend(mean(&round.times));
        self.service_means.extend(mean(&round.service));
        self.one_way_means.extend(mean(&round.one_way));
        let at = |times: &Option<Histogram<u64>>, q| {
            times.as_ref().filter(|times| !times.is_empty()).map(|times| times.value_at_quantile(q) as f64)
        };
        let main = if kind == Kind::Stream { &round.one_way } else { &round.times };
        self.p99s.extend(at(main, 0.99));
        self.one_way_medians.extend(at(&round.one_way, 0.5));
        let cpu = (round.ping.cpu + round.pong.cpu).as_nanos() as f64;
        self.cpu.push(cpu / round.paid.max(1) as f64);
        self.count += round.count;
        self.in_a_round = round.count;
        self.paid += round.paid;
        self.elapsed += round.elapsed;
        self.use_energy(round.energy);
        self.add_counts(&round.counts);
        merge(&mut self.times, round.times);
        merge(&mut self.service, round.service);
        merge(&mut self.one_way, round.one_way);
        self.ping = self.ping.plus(&round.ping);
        self.pong = self.pong.plus(&round.pong);
    }

    /// Returns the row of a case; `None` if nothing was played. `batch` round trips were timed together.
    pub(super) fn row(self, case: &Case, batch: u64) -> Option<Row> {
        if self.count == 0 {
            return None;
        }
        let mut row = Row { count: self.count, ..Row::empty(case) };
        let latency = |times: &Option<Histogram<u64>>, means: &[f64]| {
            let interval = statistics::mean(means).map(|interval| [interval.low, interval.high]);
            times.as_ref().and_then(|times| Latency::of(times, interval))
        };
        match case.kind {
            Kind::RoundTrip | Kind::OpenLoop => {
                row.rtt_ns = latency(&self.times, &self.means);
                row.service_ns = latency(&self.service, &self.service_means);
                row.one_way_ns = latency(&self.one_way, &self.one_way_means);
                row.batch = Some(batch);
            }
            Kind::Throughput => row.in_time(self.elapsed),
            Kind::Stream => row.one_way_ns = latency(&self.one_way, &self.one_way_means),
            Kind::Clients => {
                row.in_time(self.elapsed);
                row.rtt_ns = latency(&self.times, &self.means);
                row.batch = Some(batch);
                row.fairness = Fairness::of(&self.counts);
                row.client_processes = Some(many_clients::processes(case.clients));
            }
        }
        let paced = if case.kind == Kind::Stream { &self.one_way } else { &self.times };
        row.pacing = case
            .rate
            .zip(paced.as_ref())
            .map(|(rate, times)| Pacing::of(case.kind, rate, &self.rates, times));
        let rounds = Rounds::of(self.in_a_round, &self.values);
        let (p99, one_way, cpu) = (self.p99s, self.one_way_medians, self.cpu);
        row.rounds = Some(Rounds { p99, one_way, cpu, ..rounds });
        row.cost =
            Some(Costs { ping: Cost::of(&self.ping, self.paid), pong: Cost::of(&self.pong, self.paid) });
        row.energy_nj = self.energy.map(|microjoules| microjoules as f64 * 1e3 / self.paid.max(1) as f64);
        Some(row)
    }
}

fn merge(all: &mut Option<Histogram<u64>>, some: Option<Histogram<u64>>) {
    if let Some(some) = some {
        all.get_or_insert_with(exchange::histogram).add(some).expect("made alike");
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the test is about exact values")]
mod tests;
