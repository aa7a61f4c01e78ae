//! One row while it is measured.

use std::time::Duration;

use ipc_core::Error;
use ipc_demo::exchange::{Pattern, Workload};

use super::figures::Figures;
use super::schedule::{Schedule, Turn};
use super::stop::Stop;
use super::workers::Workers;
use crate::measure::clock;
use crate::measure::effort::{Refusal, first_look, first_task, impossible, too_large};
use crate::measure::energy::Meter;
use crate::measure::task::Task;
use crate::results::case::{Case, Kind};
use crate::results::document::Verified;
use crate::results::row::Row;

/// The share of a turn in which round trips are timed; the rest is for one-way times.
const ROUND_TRIPS: f64 = 0.8;

/// The longest task: ending the run takes no longer than that.
const LONGEST_TASK: Duration = Duration::from_millis(100);

/// The same with fixed times, where a stall has to be waited out: the intended times are forgotten when the task ends.
const LONGEST_OPEN: Duration = Duration::from_secs(2);

/// The same for many clients, which need some time to get going.
const LONGEST_SERVED: Duration = Duration::from_millis(500);

/// The room that a time needs in a message, in bytes.
const STAMP: usize = size_of::<u64>();

/// A case, and what is known about it at this point.
pub(super) struct Measurement {
    at: usize,
    case: Case,
    schedule: Schedule,
    state: State,
    /// The time that a message takes, or a round trip; known after the first round.
    each: Duration,
    batch: u64,
    /// True if its messages are the longest that its link carries.
    at_limit: bool,
    figures: Figures,
}

/// The state of a measurement.
#[derive(Debug)]
pub(super) enum State {
    /// It has not had its first turn.
    New,
    /// It is taking turns.
    Playing,
    /// It takes no more turns.
    Over(Refusal),
}

impl Measurement {
    pub(super) fn new(at: usize, case: Case, schedule: Schedule) -> Self {
        let (state, each, figures) = (State::New, Duration::ZERO, Figures::default());
        Self { at, case, schedule, state, each, batch: 1, at_limit: false, figures }
    }

    /// Returns its index among the cases of the plan.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn case(&self) -> &Case {
        &self.case
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Takes its turn in a round, if it still plays. Round 0 is not counted.
    pub(super) fn take_turn(&mut self, round: u32, workers: &mut Workers, stop: &Stop) {
        let outcome = match (&self.state, round) {
            (State::New, 0) => self.get_ready(workers, stop),
            (State::Playing, 1..) => self.play(round, workers, stop).map_err(Refusal::Failed),
            _ => return,
        };
        match outcome {
            Ok(()) => self.state = State::Playing,
            // Then not a failure: the figures measured before count.
            Err(Refusal::Failed(_)) if stop.is_near() => {}
            Err(refusal) => self.state = State::Over(refusal),
        }
    }

    /// Checks that the exchange works, finds out how long a message takes, and warms up both processes.
    fn get_ready(&mut self, workers: &mut Workers, stop: &Stop) -> Result<(), Refusal> {
        /// The shortest time that is a reliable measure.
        const ENOUGH: Duration = Duration::from_millis(3);
        if let Some(reason) = impossible(&self.case) {
            return Err(Refusal::Skipped(reason));
        }
        if self.case.kind == Kind::Clients {
            workers.serve(&self.case, ENOUGH, true, stop)?;
            return Ok(());
        }
        let max = workers.max_message(&self.case)?;
        if let Some(reason) = too_large(&self.case, max) {
            return Err(Refusal::Skipped(reason));
        }
        self.at_limit = self.case.size == max;
        workers.play(&self.case, self.case.verified().into(), stop)?;
        let play = |count| Ok(workers.play(&self.case, first_task(&self.case, count), stop)?.elapsed);
        let (count, elapsed) = first_look(ENOUGH, || stop.is_set(), play)?;
        self.each = elapsed / count as u32;
        self.batch = if self.case.kind == Kind::RoundTrip { clock::batch(self.each) } else { 1 };
        Ok(())
    }

    fn play(&mut self, round: u32, workers: &mut Workers, stop: &Stop) -> Result<(), Error> {
        let Some(turn) = self.schedule.turn(self.case.kind, round) else { return Ok(()) };
        if let (Kind::Clients, Turn::Time(time)) = (self.case.kind, turn) {
            return self.serve(time, workers, stop);
        }
        let count = match turn {
            Turn::Messages(count) => count,
            Turn::Time(time) => self.fitting(time),
        };
        if count == 0 {
            return Ok(());
        }
        let mut this_round = Figures::default();
        let outcome = self.play_round(count, &mut this_round, workers, stop);
        if this_round.count > 0 {
            // A disturbed first measurement would make all turns too short.
            self.each = self.each.min(this_round.each());
            self.figures.add_round(self.case.kind, this_round); // also a partial one: the run may end here
        }
        outcome
    }

    /// Plays a round of many clients.
    fn serve(&mut self, time: Duration, workers: &mut Workers, stop: &Stop) -> Result<(), Error> {
        let mut this_round = Figures::default();
        let outcome = self.serve_round(time, &mut this_round, workers, stop);
        if this_round.count > 0 {
            self.figures.add_round(Kind::Clients, this_round); // also a partial one: the run may end here
        } else {
            self.figures.add_idle(&this_round);
        }
        outcome
    }

    fn serve_round(
        &self,
        time: Duration,
        figures: &mut Figures,
        workers: &mut Workers,
        stop: &Stop,
    ) -> Result<(), Error> {
        let mut left = time;
        while !left.is_zero() && !stop.is_set() {
            let some = left.min(LONGEST_SERVED);
            let meter = Meter::of_this_machine().ok();
            let before = meter.and_then(Meter::read);
            figures.add_served(workers.serve(&self.case, some, false, stop)?);
            figures.use_energy(meter.zip(before).and_then(|(meter, before)| meter.since(&before)));
            left -= some;
        }
        Ok(())
    }

    fn play_round(
        &self,
        count: u64,
        figures: &mut Figures,
        workers: &mut Workers,
        stop: &Stop,
    ) -> Result<(), Error> {
        let most = self.fitting(if self.case.kind.is_paced() { LONGEST_OPEN } else { LONGEST_TASK });
        let mut left = count;
        while left > 0 && !stop.is_set() {
            let some = left.min(most);
            let Case { rate, flush_every, .. } = self.case;
            let task = Task { order: self.case.timed(some), batch: self.batch, rate, flush_every };
            let meter = Meter::of_this_machine().ok();
            let before = meter.and_then(Meter::read);
            figures.add(some, task.order.count, workers.play(&self.case, task, stop)?);
            let used = meter.zip(before).and_then(|(meter, before)| meter.since(&before));
            figures.use_energy(used);
            left -= some;
        }
        if self.case.kind == Kind::RoundTrip && self.case.size >= STAMP && !stop.is_set() {
            let count = ((count as f64 * (1.0 / ROUND_TRIPS - 1.0)) as u64).clamp(1, most);
            let order = Workload { pattern: Pattern::OneWay, verify: false, size: self.case.size, count };
            figures.one_way = workers.play(&self.case, order.into(), stop)?.one_way;
        }
        Ok(())
    }

    /// Returns how many messages take about `time`; at least one.
    fn fitting(&self, time: Duration) -> u64 {
        let each = match (self.case.kind, self.case.rate) {
            (Kind::RoundTrip, _) if self.case.size >= STAMP => self.each.as_secs_f64() / ROUND_TRIPS,
            // Beyond what the mechanism can do, as many as it can.
            (_, Some(rate)) => (1.0 / rate as f64).max(self.each.as_secs_f64()),
            _ => self.each.as_secs_f64(),
        };
        ((time.as_secs_f64() / each.max(1e-9)) as u64).max(1)
    }

    /// Plays about as much again with every message checked.
    pub(super) fn verify(&self, workers: &mut Workers, stop: &Stop) -> Verified {
        /// The time in which many clients check their answers.
        const SOME: Duration = Duration::from_millis(50);
        /// A checksum takes about a nanosecond per byte.
        const BYTES: u64 = 16 << 20;
        let most = (BYTES / self.case.size as u64).clamp(4, 10_000);
        let messages = self.figures.count.clamp(1, most);
        let order = Workload { verify: true, ..self.case.timed(messages) };
        let outcome = match self.case.kind {
            Kind::Clients => workers.serve(&self.case, SOME, true, stop).map(|served| served.all),
            _ => workers
                .play(&self.case, Task { flush_every: self.case.flush_every, ..order.into() }, stop)
                .map(|_| order.count),
        };
        let Case { member, variant, kind, size, wait, placement, .. } = self.case;
        Verified {
            mechanism: member.profile.name.into(),
            variant: variant.into(),
            kind,
            size,
            wait: wait.name().into(),
            cpus: placement.cpus.to_string(),
            messages: outcome.as_ref().copied().unwrap_or(order.count),
            error: outcome.err().map(|error| error.to_string()),
        }
    }

    /// Returns the row, if it has any figures.
    pub(super) fn end(self) -> Result<Option<Row>, Refusal> {
        match self.state {
            State::Over(refusal) => Err(refusal),
            State::Playing if self.figures.only_waited() => {
                let what = "no request was answered in the time: use a longer --duration".into();
                Err(Refusal::Failed(Error::Usage(what)))
            }
            State::New | State::Playing => {
                let row = self.figures.row(&self.case, self.batch);
                Ok(row.map(|row| Row { at_limit: self.at_limit, ..row }))
            }
        }
    }
}

#[cfg(test)]
mod tests;
