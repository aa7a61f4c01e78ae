//! A run: every requested case, measured in rounds that take turns.
//!
//! A B C … A B C …: in each round every row is played for some milliseconds. A disturbance of the machine in these
//! minutes affects all rows alike, and the differences between the rounds of one row show how reliable its figures are.
//! All pairs of processes are alive meanwhile; a pair with nothing to play sleeps.
//!
//! | file | contents |
//! |---|---|
//! | `plan.rs` | the contents of a run |
//! | `cohort.rs` | the rows that take turns, and the processes that play them |
//! | `schedule.rs` | the number and the length of the rounds |
//! | `measurement.rs` | one row while it is measured |
//! | `figures.rs` | the results of its rounds |
//! | `workers.rs` | the two processes that play some of the rows |
//! | `progress.rs` | [`Progress`]: how far it is, for people |
//! | `stop.rs` | [`Stop`]: Ctrl-C |

mod cohort;
mod figures;
mod measurement;
pub mod plan;
pub mod progress;
mod schedule;
pub mod stop;
mod workers;

use std::time::{Duration, Instant};

use ipc_core::PIPE_SIZE;
use ipc_demo::cpus;

use crate::measure::baseline::limits;
use crate::measure::baseline::overhead::has_others;
use crate::measure::clock;
use crate::measure::effort::{Refusal, impossible};
use crate::measure::energy::Meter;
use crate::measure::run::cohort::{Cohort, Measured};
use crate::measure::run::measurement::Measurement;
use crate::measure::run::plan::RunPlan;
use crate::measure::run::progress::Progress;
use crate::measure::run::schedule::Schedule;
use crate::measure::run::stop::Stop;
use crate::measure::syscalls::SyscallCounter;
use crate::results::case::{Case, Placement};
use crate::results::document::{Document, NotMeasured};
use crate::results::environment::Environment;
use crate::results::growth::Growth;
use crate::results::row::Row;

/// Returns the time that measuring will take, all together, floors included; `None` if a number of messages was
/// requested.
#[must_use]
pub fn expected(plan: &RunPlan) -> Option<Duration> {
    /// The suite plays again, beside it one to five ways to write the bare calls, and all start fresh processes often.
    const BESIDE: u32 = 6;
    let beside = possible(plan).filter(|case| plan.baseline && has_others(case)).count() as u32;
    Some(of_rounds(plan)? + Schedule::of(plan).each()? * BESIDE * beside)
}

/// Returns the time for which the rows will be timed in the rounds that they take turns in.
fn of_rounds(plan: &RunPlan) -> Option<Duration> {
    Schedule::of(plan).each().map(|each| each * possible(plan).count() as u32)
}

fn possible(plan: &RunPlan) -> impl Iterator<Item = &Case> {
    plan.cases.iter().filter(|case| impossible(case).is_none())
}

/// Measures until it is done or `stop` is set. The document holds the measurements until then. The progress counts
/// `afterwards`, what the caller will do then, as time that is left.
#[must_use]
pub fn run(plan: &RunPlan, stop: &Stop, afterwards: Duration) -> Document {
    let started = Instant::now();
    let plan = &plan.with_limits(stop);
    let mut document = Document { clock_cost_ns: clock::cost(), ..Document::empty() };
    plan.profile.name().clone_into(&mut document.profile);
    let schedule = Schedule::of(plan);
    let rows = plan.cases.len() as u64;
    let progress = Progress::new(rows, rows * u64::from(schedule.rounds()), of_rounds(plan), afterwards);
    let progress = if plan.is_quiet { progress.quiet() } else { progress };
    let promised = plan.profile.limit().filter(|_| plan.effort.is_none());
    // The steps after the rounds get a tenth of the time.
    let deadline = promised.map(|promised| started + promised.mul_f64(0.9));
    let mut done: Vec<Measured> = Vec::new();
    // Rows to be compared have the same placement: those take turns.
    for placement in placements(&plan.cases) {
        let cases = plan.cases.iter().enumerate().filter(|(_, case)| case.placement == placement);
        let mut cohort = Cohort::new(cases.map(|(at, case)| Measurement::new(at, *case, schedule)).collect());
        cohort.play(schedule.rounds(), deadline, stop, &progress);
        done.extend(cohort.finish(plan, stop, &progress));
    }
    write_down(done, &mut document);
    let energy =
        Meter::of_this_machine().map(|_| "energy is that of the whole package, other programs included");
    document.notes.push(energy.unwrap_or_else(|reason| reason).to_owned());
    document.notes.extend(surroundings(&document.environment));
    if plan.baseline {
        document.growth = Growth::of(&document.results);
    }
    if plan.baseline && !stop.is_set() && !document.results.is_empty() {
        progress.tell("measuring the limits of the machine");
        add_limits(plan, &mut document);
    }
    if !stop.is_set() {
        progress.tell("counting system calls");
        count_calls(plan, &mut document, promised.map(|promised| started + promised), stop);
    }
    progress.end();
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

/// Puts the results of the cases into the document, in the order of the plan.
fn write_down(mut done: Vec<Measured>, document: &mut Document) {
    done.sort_by_key(|measured| measured.at);
    for Measured { rows, case, outcome, beside_baseline, verified, .. } in done {
        document.results.extend(rows);
        if let Some(verified) = verified {
            document.verified.get_or_insert_default().push(verified);
        }
        match outcome {
            Ok(()) => {}
            Err(Refusal::Skipped(reason)) => document.skipped.push(NotMeasured::new(&case, reason)),
            Err(Refusal::Failed(error)) => document.failed.push(NotMeasured::new(&case, error.to_string())),
        }
        if let Err(error) = beside_baseline {
            document.failed.push(NotMeasured::new(&case, format!("beside its floor: {error}")));
        }
    }
}

/// Adds the limits of the machine, and a note that names their CPUs.
fn add_limits(plan: &RunPlan, document: &mut Document) {
    let Some(place) = apart(&plan.cases) else { return };
    match limits::measure(place) {
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
fn count_calls(plan: &RunPlan, document: &mut Document, end: Option<Instant>, stop: &Stop) {
    const SPARE: Duration = Duration::from_millis(500);
    if document.results.is_empty() {
        return;
    }
    let counter = SyscallCounter::of_this_machine();
    document.notes.push(counter.note().to_owned());
    for case in plan.cases.iter().filter(|case| counter.can_count(case)) {
        let key = Row::empty(case).key();
        let Some(row) = document.results.iter_mut().find(|row| row.key() == key) else { continue };
        let counted = if stop.is_set() {
            return;
        } else if end.is_some_and(|end| Instant::now() + SPARE >= end) {
            Err("system calls were not counted for all rows: the time was over".to_owned())
        } else {
            counter.count(case).map_err(|error| format!("system calls could not be counted: {error}"))
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

#[cfg(test)]
mod tests {
    use ipc_core::{Error, Wait};
    use ipc_demo::cpus::Cpus;

    use super::*;
    use crate::invented::{case, document};
    use crate::results::case::Kind;
    use crate::results::document::Verified;

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
            Measured { at, case, rows, outcome, beside_baseline: Ok(()), verified: Some(verified) }
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
            Measured { beside_baseline: Err(failed()), ..measured(1) },
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
