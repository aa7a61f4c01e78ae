//! The rows that take turns, and the processes that play them.

use std::time::Instant;

use ipc_core::Result;

use super::measurement::{Measurement, State};
use super::plan::RunPlan;
use super::progress::Progress;
use super::schedule::{self, Schedule};
use super::stop::Stop;
use super::workers::{Workers, WorkersKey};
use crate::measure::baseline::overhead::{beside_baseline, has_others};
use crate::measure::effort::{Effort, Refusal};
use crate::measure::turns::take_turns;
use crate::results::case::Case;
use crate::results::document::Verified;
use crate::results::row::Row;

/// The result of one case.
pub(super) struct Measured {
    pub(super) at: usize,
    pub(super) case: Case,
    pub(super) rows: Vec<Row>,
    pub(super) outcome: std::result::Result<(), Refusal>,
    pub(super) beside_baseline: Result<()>,
    pub(super) verified: Option<Verified>,
}

/// The reason why the turns ended early.
struct Stopped;

/// All measurements that take turns, and the processes that play them.
pub(super) struct Cohort {
    measurements: Vec<Measurement>,
    workers: Vec<Workers>,
}

impl Cohort {
    pub(super) fn new(measurements: Vec<Measurement>) -> Self {
        Self { measurements, workers: Vec::new() }
    }

    /// Plays round after round. Round 0 measures how long a message takes, and warms everything up. After the deadline
    /// no round begins, if there were enough for meaningful figures.
    pub(super) fn play(&mut self, rounds: u32, deadline: Option<Instant>, stop: &Stop, progress: &Progress) {
        let again = |round: usize| {
            let is_late = || deadline.is_some_and(|deadline| Instant::now() >= deadline);
            round <= rounds as usize && (round <= schedule::FEWEST as usize || !is_late())
        };
        let Self { measurements, workers } = self;
        let turn = |measurement: &mut Measurement, round: usize| {
            if stop.is_set() {
                return Err(Stopped);
            }
            measurement.take_turn(round as u32, workers_of(workers, measurement.case()), stop);
            progress.step(match round {
                0 => "getting ready".into(),
                _ => format!("round {round} of {rounds}"),
            });
            Ok(())
        };
        let (Ok(()) | Err(Stopped)) = take_turns(measurements, again, turn);
    }

    /// Does the other requested measurements, and ends all processes.
    pub(super) fn finish(mut self, plan: &RunPlan, stop: &Stop, progress: &Progress) -> Vec<Measured> {
        let mut done = Vec::new();
        for measurement in std::mem::take(&mut self.measurements) {
            let mut verified = None;
            if plan.verify && !stop.is_set() && matches!(measurement.state(), State::Playing) {
                progress.tell("checking every message");
                verified = Some(measurement.verify(workers_of(&mut self.workers, measurement.case()), stop));
            }
            done.push((measurement, verified));
        }
        if stop.is_set() {
            self.workers.iter_mut().for_each(Workers::abandon);
        }
        drop(self.workers); // baselines are measured with no other pair alive
        let count = done.len();
        let done = done.into_iter().enumerate().map(|(nth, (measurement, verified))| {
            let (at, case) = (measurement.at(), *measurement.case());
            let (rows, outcome, beside_baseline) = (Vec::new(), Ok(()), Ok(()));
            let mut measured = Measured { at, case, rows, outcome, beside_baseline, verified };
            match measurement.end() {
                Ok(None) => {}
                Ok(Some(row)) if plan.baseline && !stop.is_set() => {
                    progress.say(format!("beside its floor, {} of {count}: {case}", nth + 1));
                    measured.beside_baseline =
                        play_beside_baseline(row, &case, plan, &mut measured.rows, stop);
                }
                Ok(Some(row)) => measured.rows.push(row),
                Err(refusal) => measured.outcome = Err(refusal),
            }
            measured
        });
        done.collect()
    }
}

/// Plays a case once more, beside its baseline.
fn play_beside_baseline(
    mut row: Row,
    case: &Case,
    plan: &RunPlan,
    rows: &mut Vec<Row>,
    stop: &Stop,
) -> Result<()> {
    if !has_others(case) {
        rows.push(row);
        return Ok(());
    }
    let each = Schedule::of(plan).each().unwrap_or_default();
    let effort = plan.effort.unwrap_or(Effort::About(each));
    let beside = beside_baseline(&mut row, *case, effort, &|| stop.is_set());
    rows.push(row);
    match beside {
        Ok(others) => rows.extend(others),
        Err(_) if stop.is_near() => {} // the suite's own figures count
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Returns the workers of a case, created on first use.
fn workers_of<'a>(workers: &'a mut Vec<Workers>, case: &Case) -> &'a mut Workers {
    let key = WorkersKey::of(case);
    let at = workers.iter().position(|workers| workers.key() == &key).unwrap_or_else(|| {
        workers.push(Workers::new(key));
        workers.len() - 1
    });
    &mut workers[at]
}
