//! A run: every requested case, measured in rounds that take turns.
//!
//! A B C … A B C …: in each round every row is played for some milliseconds. A disturbance of the machine in these
//! minutes affects all rows alike, and the differences between the rounds of one row show how reliable its figures are.
//! All pairs of processes are alive meanwhile; a pair with nothing to play sleeps.
//!
//! | file | contents |
//! |---|---|
//! | `mod.rs` | [`Plan`], and [`run`] |
//! | `pace.rs` | the number and the length of the rounds |
//! | `entry.rs` | one row while it is measured |
//! | `figures.rs` | the results of its rounds |
//! | `lane.rs` | the two processes that play some of the rows |
//! | `stop.rs` | [`Stop`]: Ctrl-C |

mod figures;
mod measurement;
mod schedule;
pub mod stop;
mod worker_pair;

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use ipc_core::{PIPE_SIZE, Result};
use ipc_demo::cpus;

use crate::measure::baseline::limits::Limits;
use crate::measure::baseline::overhead::against_floor;
use crate::measure::effort::{Effort, Refusal};
use crate::measure::energy::Meter;
use crate::measure::profile::RunProfile;
use crate::measure::run::measurement::{Entry, State};
use crate::measure::run::schedule::Pace;
use crate::measure::run::stop::Stop;
use crate::measure::run::worker_pair::{Lane, LaneKey};
use crate::measure::syscalls;
use crate::results::case::{Case, Placement};
use crate::results::document::{Document, NotMeasured, Verified};
use crate::results::environment::Environment;
use crate::results::growth::Growth;
use crate::results::row::Row;

/// The contents of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The profile, for everything that is not set explicitly.
    pub profile: RunProfile,
    /// The rows.
    pub cases: Vec<Case>,
    /// The time for which each row is timed, all rounds together; `None`: the profile decides.
    pub effort: Option<Effort>,
    /// Measure the floor beside each row.
    pub floor: bool,
    /// Also check every message, in a pass of its own.
    pub verify: bool,
}

impl Plan {
    /// Returns the time for which the rows will be timed, all together; `None` if a number of messages was requested.
    #[must_use]
    pub fn expected(&self) -> Option<Duration> {
        Pace::of(self).each().map(|each| each * self.cases.len() as u32)
    }
}

/// Measures until it is done or `stop` is set. The document holds the measurements until then.
#[must_use]
pub fn run(plan: &Plan, stop: &Stop) -> Document {
    let started = Instant::now();
    let mut document = Document::empty();
    plan.profile.name().clone_into(&mut document.profile);
    let pace = Pace::of(plan);
    let progress = progress(plan.cases.len() as u64 * u64::from(pace.rounds() + 1));
    let promised = plan.profile.limit().filter(|_| plan.effort.is_none());
    // The steps after the rounds get a tenth of the time.
    let deadline = promised.map(|promised| started + promised.mul_f64(0.9));
    let mut done: Vec<Measured> = Vec::new();
    // Rows to be compared have the same placement: those take turns.
    for placement in placements(&plan.cases) {
        let cases = plan.cases.iter().enumerate().filter(|(_, case)| case.placement == placement);
        let mut field = Field::new(cases.map(|(at, case)| Entry::new(at, *case, pace)).collect());
        field.play(pace.rounds(), deadline, stop, &progress);
        done.extend(field.finish(plan, stop, &progress));
    }
    progress.finish_and_clear();
    write_down(done, &mut document);
    let energy =
        Meter::of_this_machine().map(|_| "energy is that of the whole package, other programs included");
    document.notes.push(energy.unwrap_or_else(|reason| reason).to_owned());
    document.notes.extend(surroundings(&document.environment));
    if plan.floor {
        document.growth = Growth::of(&document.results);
    }
    if plan.floor && !stop.is_set() {
        add_limits(plan, &mut document);
    }
    if !stop.is_set() {
        count_calls(plan, &mut document, promised.map(|promised| started + promised), stop);
    }
    document.complete = !stop.is_set();
    document.took_s = started.elapsed().as_secs_f64();
    document
}

/// Returns notes on the surroundings of the processes that make their figures misleading.
fn surroundings(environment: &Environment) -> Vec<String> {
    let mut notes = Vec::new();
    if !cpus::may_bind().unwrap_or(false) {
        notes.push("no process was bound to a CPU: this system forbids sched_setaffinity".into());
    }
    if let Some(size) = environment.pipe_size.filter(|&size| size < PIPE_SIZE as u64) {
        notes.push(format!(
            "pipes and FIFOs held {size} bytes and not {PIPE_SIZE}: this user had as many pages in pipes as \
             fs.pipe-user-pages-soft allows"
        ));
    }
    notes
}

/// The result of one case.
struct Measured {
    at: usize,
    case: Case,
    rows: Vec<Row>,
    outcome: std::result::Result<(), Refusal>,
    beside_floor: Result<()>,
    verified: Option<Verified>,
}

/// Puts the results of the cases into the document, in the order of the plan.
fn write_down(mut done: Vec<Measured>, document: &mut Document) {
    done.sort_by_key(|measured| measured.at);
    for Measured { rows, case, outcome, beside_floor, verified, .. } in done {
        document.results.extend(rows);
        if let Some(verified) = verified {
            document.verified.get_or_insert_default().push(verified);
        }
        match outcome {
            Ok(()) => {}
            Err(Refusal::Skipped(reason)) => document.skipped.push(NotMeasured::new(&case, reason)),
            Err(Refusal::Failed(error)) => document.failed.push(NotMeasured::new(&case, error.to_string())),
        }
        if let Err(error) = beside_floor {
            document.failed.push(NotMeasured::new(&case, format!("beside its floor: {error}")));
        }
    }
}

/// All entries that take turns, and the processes that play them.
struct Field {
    entries: Vec<Entry>,
    lanes: Vec<Lane>,
}

impl Field {
    fn new(entries: Vec<Entry>) -> Self {
        Self { entries, lanes: Vec::new() }
    }

    /// Plays round after round. Round 0 measures how long a message takes, and warms everything up. After the deadline
    /// no round begins, if there were enough for meaningful figures.
    fn play(&mut self, rounds: u32, deadline: Option<Instant>, stop: &Stop, progress: &ProgressBar) {
        for round in 0..=rounds {
            if round > schedule::FEWEST && deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return;
            }
            for entry in &mut self.entries {
                if stop.is_set() {
                    return;
                }
                let lane = lane(&mut self.lanes, entry.case());
                entry.take_turn(round, lane, stop);
                progress.set_message(if round == 0 {
                    "getting ready".into()
                } else {
                    format!("round {round} of {rounds}")
                });
                progress.inc(1);
            }
        }
    }

    /// Does the other requested measurements, and ends all processes.
    fn finish(mut self, plan: &Plan, stop: &Stop, progress: &ProgressBar) -> Vec<Measured> {
        let mut done = Vec::new();
        for entry in std::mem::take(&mut self.entries) {
            let mut verified = None;
            if plan.verify && !stop.is_set() && matches!(entry.state(), State::Playing) {
                progress.set_message("checking every message");
                progress.tick();
                verified = Some(entry.verify(lane(&mut self.lanes, entry.case()), stop));
            }
            done.push((entry, verified));
        }
        if stop.is_set() {
            self.lanes.iter_mut().for_each(Lane::abandon);
        }
        drop(self.lanes); // floors are measured with no other pair alive
        let done = done.into_iter().map(|(entry, verified)| {
            progress.tick();
            let (at, case) = (entry.at(), *entry.case());
            let (rows, outcome, beside_floor) = (Vec::new(), Ok(()), Ok(()));
            let mut measured = Measured { at, case, rows, outcome, beside_floor, verified };
            match entry.end() {
                Ok(None) => {}
                Ok(Some(row)) if plan.floor && !stop.is_set() => {
                    progress.set_message(format!("beside its floor: {case}"));
                    measured.beside_floor = play_beside_floor(row, &case, plan, &mut measured.rows, stop);
                }
                Ok(Some(row)) => measured.rows.push(row),
                Err(refusal) => measured.outcome = Err(refusal),
            }
            measured
        });
        done.collect()
    }
}

/// Plays a case once more, beside its floor.
fn play_beside_floor(mut row: Row, case: &Case, plan: &Plan, rows: &mut Vec<Row>, stop: &Stop) -> Result<()> {
    if !case.kind.has_floor() {
        rows.push(row);
        return Ok(());
    }
    let each = Pace::of(plan).each().unwrap_or_default();
    let effort = plan.effort.unwrap_or(Effort::About(each));
    let beside = against_floor(&mut row, *case, effort, &|| stop.is_set());
    rows.push(row);
    match beside {
        Ok(others) => rows.extend(others),
        Err(_) if stop.is_near() => {} // the suite's own figures count
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Adds the limits of the machine, and a note that names their CPUs.
fn add_limits(plan: &Plan, document: &mut Document) {
    let Some(place) = apart(&plan.cases) else { return };
    match Limits::measure(place) {
        Ok(limits) => {
            let Placement { cpus, ping, pong } = place;
            let note =
                format!("the machine's limits are of cpus {cpus}: ping on CPU {ping}, pong on CPU {pong}");
            document.notes.push(note);
            document.limits = Some(limits);
        }
        Err(error) => document.notes.push(format!("the machine's limits could not be measured: {error}")),
    }
}

/// Returns the placement on two CPUs, if there is one: only between two CPUs does a cache line move.
fn apart(cases: &[Case]) -> Option<Placement> {
    cases.iter().map(|case| case.placement).min_by_key(|place| place.ping == place.pong)
}

/// Adds the number of system calls per message, where they can be counted, and otherwise the reason. A row takes some
/// 20 milliseconds, and longer on a disturbed machine: after `end` the remaining rows get none.
fn count_calls(plan: &Plan, document: &mut Document, end: Option<Instant>, stop: &Stop) {
    const SPARE: Duration = Duration::from_millis(500);
    if document.results.is_empty() {
        return;
    }
    let way = syscalls::Way::of_this_machine();
    document.notes.push(way.note().to_owned());
    for case in plan.cases.iter().filter(|case| way.can_count(case)) {
        let key = Row::empty(case).key();
        let Some(row) = document.results.iter_mut().find(|row| row.key() == key) else { continue };
        let counted = if stop.is_set() {
            return;
        } else if end.is_some_and(|end| Instant::now() + SPARE >= end) {
            Err("system calls were not counted for all rows: the time was over".to_owned())
        } else {
            way.count(case).map_err(|error| format!("system calls could not be counted: {error}"))
        };
        match counted {
            Ok(calls) => {
                if let Some(cost) = &mut row.cost {
                    cost.count(calls);
                }
            }
            Err(reason) if document.notes.contains(&reason) => {}
            Err(reason) => document.notes.push(reason),
        }
    }
}

/// Returns the lane of a case, created on first use.
fn lane<'a>(lanes: &'a mut Vec<Lane>, case: &Case) -> &'a mut Lane {
    let key = LaneKey::of(case);
    let at = lanes.iter().position(|lane| lane.key() == &key).unwrap_or_else(|| {
        lanes.push(Lane::new(key));
        lanes.len() - 1
    });
    &mut lanes[at]
}

/// Returns each placement once.
fn placements(cases: &[Case]) -> Vec<Placement> {
    let mut placements = Vec::new();
    for case in cases {
        if !placements.contains(&case.placement) {
            placements.push(case.placement);
        }
    }
    placements
}

/// Draws on standard error, and only if that is a terminal; only between two turns, so as not to disturb one.
fn progress(turns: u64) -> ProgressBar {
    let progress = ProgressBar::new(turns);
    let style = "{bar:30} {percent:>3} %, {eta} left, {msg}";
    progress.set_style(ProgressStyle::with_template(style).expect("a valid template"));
    progress
}

#[cfg(test)]
mod tests {
    use ipc_core::{Error, Wait};
    use ipc_demo::cpus::Cpus;

    use super::*;
    use crate::invented::{case, document};
    use crate::results::case::Kind;

    fn pipe(size: usize, cpus: Cpus, pong: usize) -> Case {
        let placement = Placement { cpus, ping: 0, pong };
        Case { size, placement, ..case("pipe", "anonymous", Kind::RoundTrip, Wait::Block) }
    }

    /// Placements are measured one after the other; the results are written down in the order of the plan.
    #[test]
    fn what_came_out_has_the_order_of_the_plan() {
        let measured = |at: usize| {
            let case = pipe(at, Cpus::Split, 1);
            let (rows, outcome) = (vec![Row::empty(&case)], Ok(()));
            let verified = Verified {
                mechanism: "pipe".into(),
                variant: "anonymous".into(),
                kind: Kind::RoundTrip,
                size: at,
                wait: "block".into(),
                cpus: "split".into(),
                messages: 1,
                error: None,
            };
            Measured { at, case, rows, outcome, beside_floor: Ok(()), verified: Some(verified) }
        };
        let failed = || Error::Corrupt("it broke");
        let none = |at, refusal| Measured {
            rows: Vec::new(),
            outcome: Err(refusal),
            verified: None,
            ..measured(at)
        };
        let done = vec![
            measured(4),
            none(5, Refusal::Failed(failed())),
            Measured { beside_floor: Err(failed()), ..measured(1) },
            measured(3),
            none(2, Refusal::Skipped("too long".into())),
        ];
        let mut document = document(Vec::new());
        write_down(done, &mut document);
        let sizes = document.results.iter().map(|row| row.size);
        assert_eq!(sizes.collect::<Vec<_>>(), [1, 3, 4]);
        let checked = document.verified.iter().flatten().map(|one| one.size);
        assert_eq!(checked.collect::<Vec<_>>(), [1, 3, 4]);
        let reasons = |all: &[NotMeasured]| {
            all.iter().map(|one| format!("{}: {}", one.size, one.reason)).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(reasons(&document.skipped), "2: too long");
        let broke = failed();
        assert_eq!(reasons(&document.failed), format!("1: beside its floor: {broke}; 5: {broke}"));
    }

    #[test]
    fn limits_are_of_two_cpus_if_there_are_two() {
        let (same, split) = (pipe(1, Cpus::Same, 0), pipe(1, Cpus::Split, 1));
        let found = [&[same, split][..], &[split, same], &[same], &[]].map(apart);
        assert_eq!(found, [Some(split.placement), Some(split.placement), Some(same.placement), None]);
    }

    #[test]
    fn placements_take_turns_each_once_in_their_order() {
        let (same, split) = (pipe(1, Cpus::Same, 0), pipe(1, Cpus::Split, 1));
        assert_eq!(placements(&[split, same, split, same]), [split.placement, same.placement]);
    }
}
