//! One row in the making.

use std::time::Duration;

use hdrhistogram::Histogram;
use ipc_core::Error;
use ipc_core::play::{self, Exchange, Order, Usage};

use super::Stop;
use super::lane::Lane;
use super::pace::{Pace, Turn};
use crate::{
    Case, Cost, Costs, Kind, Latency, Played, Refusal, Rounds, Row, Task, Verified, clock, statistics,
    too_large,
};

/// The share of a turn in which round trips are timed; in the rest of it, messages on their way.
const ROUND_TRIPS: f64 = 0.8;

/// Longest task: whoever wants to end the run waits no longer than that.
const LONGEST_TASK: Duration = Duration::from_millis(100);

/// The same in the open loop, where a stall has to be waited out: with the task, the memory of what was meant ends.
const LONGEST_OPEN: Duration = Duration::from_secs(2);

/// A time needs this much room in a message, in bytes.
const STAMP: usize = size_of::<u64>();

/// A case, and what is known about it so far.
pub(super) struct Entry {
    at: usize,
    case: Case,
    pace: Pace,
    state: State,
    /// How long a message takes, or a round trip; known after the first round.
    each: Duration,
    batch: u64,
    figures: Figures,
}

/// How it stands with an entry.
#[derive(Debug)]
pub(super) enum State {
    /// It has not had its turn.
    New,
    /// It plays.
    Playing,
    /// It will play no more.
    Over(Refusal),
}

/// What the rounds gave.
#[derive(Default)]
struct Figures {
    count: u64,
    /// Round trips, or messages, in the last round.
    in_a_round: u64,
    elapsed: Duration,
    times: Option<Histogram<u64>>,
    service: Option<Histogram<u64>>,
    one_way: Option<Histogram<u64>>,
    /// One figure for each round.
    values: Vec<f64>,
    means: Vec<f64>,
    one_way_means: Vec<f64>,
    service_means: Vec<f64>,
    ping: Usage,
    pong: Usage,
    /// Messages to which the usage belongs.
    paid: u64,
}

impl Entry {
    pub(super) fn new(at: usize, case: Case, pace: Pace) -> Self {
        let (state, each, figures) = (State::New, Duration::ZERO, Figures::default());
        Self { at, case, pace, state, each, batch: 1, figures }
    }

    /// Its place among the cases of the plan.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn case(&self) -> &Case {
        &self.case
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Plays its part of a round, if it still plays. Round 0 is not counted.
    pub(super) fn take_turn(&mut self, round: u32, lane: &mut Lane, stop: &Stop) {
        let outcome = match (&self.state, round) {
            (State::New, 0) => self.get_ready(lane, stop),
            (State::Playing, 1..) => self.play(round, lane, stop).map_err(Refusal::Failed),
            _ => return,
        };
        match outcome {
            Ok(()) => self.state = State::Playing,
            Err(_) if stop.is_near() => {} // not a failure: what has been measured before counts
            Err(refusal) => self.state = State::Over(refusal),
        }
    }

    /// Checks that the exchange works, finds out how long a message takes, and warms both processes up.
    fn get_ready(&mut self, lane: &mut Lane, stop: &Stop) -> Result<(), Refusal> {
        if let Some(reason) = too_large(&self.case, lane.max_message(&self.case)?) {
            return Err(Refusal::Skipped(reason));
        }
        lane.play(&self.case, self.case.verified().into(), stop)?;
        /// Long enough to tell.
        const ENOUGH: Duration = Duration::from_millis(3);
        let mut count = 16;
        loop {
            let task = Task { order: self.case.timed(count), batch: count, rate: None };
            let elapsed = lane.play(&self.case, task, stop)?.elapsed;
            self.each = elapsed / count as u32;
            if elapsed >= ENOUGH || stop.is_set() {
                break;
            }
            count *= 4;
        }
        self.batch = if self.case.kind == Kind::RoundTrip { clock::batch(self.each) } else { 1 };
        Ok(())
    }

    fn play(&mut self, round: u32, lane: &mut Lane, stop: &Stop) -> Result<(), Error> {
        let Some(turn) = self.pace.turn(self.case.kind, round) else { return Ok(()) };
        let count = match turn {
            Turn::Messages(count) => count,
            Turn::Time(time) => self.fitting(time),
        };
        if count == 0 {
            return Ok(());
        }
        let mut this_round = Figures::default();
        let outcome = self.play_round(count, &mut this_round, lane, stop);
        if this_round.count > 0 {
            self.figures.add_round(self.case.kind, this_round); // also a part of one: the run may end here
        }
        outcome
    }

    fn play_round(
        &self,
        count: u64,
        figures: &mut Figures,
        lane: &mut Lane,
        stop: &Stop,
    ) -> Result<(), Error> {
        let most = self.fitting(if self.case.kind == Kind::OpenLoop { LONGEST_OPEN } else { LONGEST_TASK });
        let mut left = count;
        while left > 0 && !stop.is_set() {
            let some = left.min(most);
            let task = Task { order: self.case.timed(some), batch: self.batch, rate: self.case.rate };
            figures.add(some, task.order.count, lane.play(&self.case, task, stop)?);
            left -= some;
        }
        if self.case.kind == Kind::RoundTrip && self.case.size >= STAMP && !stop.is_set() {
            let count = ((count as f64 * (1.0 / ROUND_TRIPS - 1.0)) as u64).clamp(1, most);
            let order = Order { exchange: Exchange::OneWay, verify: false, size: self.case.size, count };
            figures.one_way = lane.play(&self.case, order.into(), stop)?.one_way;
        }
        Ok(())
    }

    /// How many messages take about so long; at least one.
    fn fitting(&self, time: Duration) -> u64 {
        let each = match (self.case.kind, self.case.rate) {
            (Kind::RoundTrip, _) if self.case.size >= STAMP => self.each.as_secs_f64() / ROUND_TRIPS,
            (Kind::OpenLoop, Some(rate)) => 1.0 / rate as f64,
            _ => self.each.as_secs_f64(),
        };
        ((time.as_secs_f64() / each.max(1e-9)) as u64).max(1)
    }

    /// Plays about as much again with every message checked.
    pub(super) fn verify(&self, lane: &mut Lane, stop: &Stop) -> Verified {
        /// A checksum takes about a nanosecond for each byte.
        const BYTES: u64 = 16 << 20;
        let most = (BYTES / self.case.size as u64).clamp(4, 10_000);
        let messages = self.figures.count.clamp(1, most);
        let order = Order { verify: true, ..self.case.timed(messages) };
        let outcome = lane.play(&self.case, order.into(), stop);
        let Case { member, variant, kind, size, wait, placement, .. } = self.case;
        Verified {
            mechanism: member.profile.name.into(),
            variant: variant.into(),
            kind,
            size,
            wait: wait.name().into(),
            cpus: placement.cpus.to_string(),
            messages: order.count,
            error: outcome.err().map(|error| error.to_string()),
        }
    }

    /// The row, if there is anything in it.
    pub(super) fn end(self) -> Result<Option<Row>, Refusal> {
        if let State::Over(refusal) = self.state {
            return Err(refusal);
        }
        let figures = self.figures;
        if figures.count == 0 {
            return Ok(None);
        }
        let mut row = Row { count: figures.count, ..Row::empty(&self.case) };
        let latency = |times: &Option<Histogram<u64>>, means: &[f64]| {
            let interval = statistics::mean(means).map(|interval| [interval.low, interval.high]);
            times.as_ref().and_then(|times| Latency::of(times, interval))
        };
        match self.case.kind {
            Kind::RoundTrip | Kind::OpenLoop => {
                row.rtt_ns = latency(&figures.times, &figures.means);
                row.service_ns = latency(&figures.service, &figures.service_means);
                row.one_way_ns = latency(&figures.one_way, &figures.one_way_means);
                row.batch = Some(self.batch);
            }
            Kind::Throughput | Kind::Clients => row.in_time(figures.elapsed),
        }
        row.rounds = Some(Rounds::of(figures.in_a_round, &figures.values));
        row.cost = Some(Costs {
            ping: Cost::of(&figures.ping, figures.paid),
            pong: Cost::of(&figures.pong, figures.paid),
        });
        Ok(Some(row))
    }
}

impl Figures {
    /// Adds a task of `count` messages that were timed, of `messages` all together.
    fn add(&mut self, count: u64, messages: u64, played: Played) {
        self.count += count;
        self.paid += messages;
        self.elapsed += played.elapsed;
        merge(&mut self.times, Some(played.times));
        merge(&mut self.service, played.service);
        self.ping = self.ping.plus(&played.ping);
        self.pong = self.pong.plus(&played.pong);
    }

    /// Adds a round.
    fn add_round(&mut self, kind: Kind, round: Self) {
        self.values.push(match (kind, &round.times) {
            (Kind::RoundTrip | Kind::OpenLoop, Some(times)) => times.value_at_quantile(0.5) as f64,
            _ => round.elapsed.as_nanos() as f64 / round.count as f64,
        });
        let mean = |times: &Option<Histogram<u64>>| times.as_ref().map(Histogram::mean);
        self.means.extend(mean(&round.times));
        self.service_means.extend(mean(&round.service));
        self.one_way_means.extend(mean(&round.one_way));
        self.count += round.count;
        self.in_a_round = round.count;
        self.paid += round.paid;
        self.elapsed += round.elapsed;
        merge(&mut self.times, round.times);
        merge(&mut self.service, round.service);
        merge(&mut self.one_way, round.one_way);
        self.ping = self.ping.plus(&round.ping);
        self.pong = self.pong.plus(&round.pong);
    }
}

fn merge(all: &mut Option<Histogram<u64>>, some: Option<Histogram<u64>>) {
    if let Some(some) = some {
        all.get_or_insert_with(play::histogram).add(some).expect("made alike");
    }
}
