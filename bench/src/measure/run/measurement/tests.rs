//! Tests of the tasks played for a row, on an invented machine: each message takes as long as the test says.

use std::sync::{Arc, Mutex};

use ipc_core::{Result, Wait};
use ipc_demo::exchange::{self, Usage};

use super::*;
use crate::invented::case;
use crate::measure::effort::Effort;
use crate::measure::pair::Pair;
use crate::measure::profile::{Curves, RunProfile};
use crate::measure::run::plan::RunPlan;
use crate::measure::task::TaskResult;

/// The tasks played, each with a word for its purpose.
type Log = Arc<Mutex<Vec<(&'static str, Task)>>>;

/// A pair that takes `ns` nanoseconds for a message. It reports that it has played, without playing.
struct Machine {
    log: Log,
    workers: Workers,
}

impl Machine {
    fn new(case: &Case, ns: fn(nth: usize) -> u64) -> Self {
        let log = Log::default();
        let theirs = Arc::clone(&log);
        let ping = move |channel: &crate::measure::pair::TaskChannel| {
            channel.report_ready(1 << 20, None);
            for (nth, task) in channel.tasks().enumerate() {
                let what = match task.order {
                    Workload { verify: true, .. } => "verify",
                    Workload { pattern: Pattern::OneWay, .. } => "one way",
                    _ => "time",
                };
                theirs.lock().unwrap().push((what, task));
                channel.report(invented(&task, ns(nth)));
            }
            Ok(())
        };
        Self { log, workers: Workers::with(case, Pair::on_thread(ping).unwrap()) }
    }

    /// Returns the tasks played since the last call.
    fn played(&self) -> Vec<(&'static str, u64)> {
        self.log.lock().unwrap().drain(..).map(|(what, task)| (what, task.order.count)).collect()
    }

    fn tasks(&self) -> Vec<Task> {
        self.log.lock().unwrap().drain(..).map(|(_, task)| task).collect()
    }
}

fn invented(task: &Task, ns: u64) -> TaskResult {
    let count = task.order.count;
    let mut times = exchange::histogram();
    times.record_n(ns, count).unwrap();
    let one_way = (task.order.pattern == Pattern::OneWay).then(|| times.clone());
    let usage = Usage { cpu: Duration::from_nanos(count), ..Usage::default() };
    let timed = count - u64::from(task.order.pattern == Pattern::Stream); // the first message starts the clock
    TaskResult {
        times,
        one_way,
        ping: usage,
        pong: usage,
        ..TaskResult::in_time(Duration::from_nanos(timed * ns))
    }
}

fn measurement(case: Case, effort: Effort) -> Measurement {
    let plan = RunPlan {
        profile: RunProfile::Quick,
        cases: vec![case],
        curves: Curves::AsNamed,
        effort: Some(effort),
        baseline: false,
        verify: false,
        is_quiet: true,
    };
    Measurement::new(0, case, Schedule::of(&plan))
}

fn pipe(kind: Kind) -> Case {
    case("pipe", "anonymous", kind, Wait::Block)
}

/// First a few messages are checked, then more and more are played until that takes three milliseconds.
#[test]
fn a_row_gets_ready_by_checking_and_by_a_first_look() {
    for (kind, one_more) in [(Kind::RoundTrip, 0), (Kind::Throughput, 1)] {
        let case = pipe(kind);
        let mut machine = Machine::new(&case, |_| 1000);
        measurement(case, Effort::Count(10)).take_turn(0, &mut machine.workers, &Stop::default());
        let looks = [16, 64, 256, 1024, 4096].map(|count| ("time", count + one_more));
        assert_eq!(machine.played(), [&[("verify", 100 + one_more)], &looks[..]].concat());
    }
}

/// In a turn of round trips, a fifth of the time is for one-way times; the number of timed messages is as requested.
#[test]
fn a_turn_plays_what_was_asked_for_and_a_quarter_one_way() {
    let case = pipe(Kind::RoundTrip);
    let (mut machine, stop) = (Machine::new(&case, |_| 1000), Stop::default());
    let mut measurement = measurement(case, Effort::Count(707));
    measurement.take_turn(0, &mut machine.workers, &stop);
    machine.played();
    for round in 1..=7 {
        measurement.take_turn(round, &mut machine.workers, &stop);
        let tasks = machine.tasks();
        assert_eq!(tasks.iter().map(|task| task.order.count).collect::<Vec<_>>(), [101, 25]);
        assert_eq!(tasks[0].batch, clock::batch(Duration::from_micros(1)), "a microsecond each");
        assert_eq!((tasks[1].order.pattern, tasks[1].rate), (Pattern::OneWay, None));
    }
    let row = measurement.end().unwrap().unwrap();
    assert_eq!((row.count, row.rounds.as_ref().unwrap().values.len()), (707, 7));
    let figures = [&row.rtt_ns, &row.one_way_ns]
        .map(|times| times.as_ref().and_then(crate::results::latency::Latency::times));
    assert_eq!(figures.map(|times| times.unwrap().len()), [707, 7 * 25]);
}

/// The stamp takes eight bytes: a message of eight bytes has room for it, and one of seven has not.
#[test]
fn one_way_times_need_room_for_a_stamp() {
    for (size, expected) in [(7, &["time"][..]), (8, &["time", "one way"])] {
        let case = Case { size, ..pipe(Kind::RoundTrip) };
        let (mut machine, stop) = (Machine::new(&case, |_| 1000), Stop::default());
        let mut measurement = measurement(case, Effort::Count(70));
        measurement.take_turn(0, &mut machine.workers, &stop);
        machine.played();
        measurement.take_turn(1, &mut machine.workers, &stop);
        assert_eq!(machine.played().iter().map(|(what, _)| *what).collect::<Vec<_>>(), expected, "{size}");
    }
}

/// No task takes longer than a tenth of a second, and all together play the requested number.
#[test]
fn a_long_turn_is_played_in_short_tasks() {
    let case = pipe(Kind::RoundTrip);
    let (mut machine, stop) = (Machine::new(&case, |_| 10_000_000), Stop::default());
    let mut measurement = measurement(case, Effort::Count(7 * 20));
    measurement.take_turn(0, &mut machine.workers, &stop);
    machine.played();
    measurement.take_turn(1, &mut machine.workers, &stop);
    assert_eq!(machine.played(), [("time", 8), ("time", 8), ("time", 4), ("one way", 5)]);
}

/// A stream has one message more than is timed, in each task; its cost is that of all messages.
#[test]
fn a_stream_is_charged_with_its_first_message() {
    let case = pipe(Kind::Throughput);
    let (mut machine, stop) = (Machine::new(&case, |_| 1000), Stop::default());
    let mut measurement = measurement(case, Effort::Count(7));
    measurement.take_turn(0, &mut machine.workers, &stop);
    machine.played();
    measurement.take_turn(1, &mut machine.workers, &stop);
    assert_eq!(machine.played(), [("time", 2)]);
    let row = measurement.end().unwrap().unwrap();
    assert_eq!((row.count, row.cost.unwrap().ping.user_ns), (1, 1.0), "a nanosecond for each of two");
}

/// The open loop keeps to its rate, in tasks of two seconds at most.
#[test]
fn an_open_loop_is_as_long_as_its_rate_says() {
    let case = Case { rate: Some(1000), ..pipe(Kind::OpenLoop) };
    let (mut machine, stop) = (Machine::new(&case, |_| 1000), Stop::default());
    let mut measurement = measurement(case, Effort::About(Duration::from_secs(18)));
    measurement.take_turn(0, &mut machine.workers, &stop);
    machine.played();
    measurement.take_turn(1, &mut machine.workers, &stop);
    let tasks: Vec<_> =
        machine.tasks().iter().map(|task| (task.order.count, task.rate, task.batch)).collect();
    assert_eq!(tasks, [(2000, Some(1000), 1), (1000, Some(1000), 1)], "a sixth of 18 seconds");
}

/// A rate that cannot be reached makes no turn longer: ten times as many messages would take ten times as long.
#[test]
fn a_rate_that_cannot_be_reached_takes_no_longer() {
    for kind in [Kind::OpenLoop, Kind::Stream] {
        let case = Case { rate: Some(1000), ..pipe(kind) };
        // Each takes ten milliseconds.
        let (mut machine, stop) = (Machine::new(&case, |_| 10_000_000), Stop::default());
        let mut measurement = measurement(case, Effort::About(Duration::from_secs(6)));
        measurement.take_turn(0, &mut machine.workers, &stop);
        machine.played();
        measurement.take_turn(1, &mut machine.workers, &stop);
        let played = machine.tasks().iter().map(|task| task.order.count).sum::<u64>();
        assert!((100..=110).contains(&played), "a second of ten milliseconds each: {played}");
    }
}

/// The length of a turn follows from the quickest round: a disturbed first measurement would make all turns too short,
/// and so would a disturbed round.
#[test]
fn a_turn_is_as_long_as_the_quickest_round_says() {
    let case = pipe(Kind::Throughput);
    // The first measurement of 16 messages, a round, another one twice as long, and one of half the time.
    let ns = |nth: usize| [0, 800_000, 400_000, 800_000, 200_000][nth.min(4)];
    let (mut machine, stop) = (Machine::new(&case, ns), Stop::default());
    let mut measurement = measurement(case, Effort::About(Duration::from_millis(560)));
    for round in 0..5 {
        measurement.take_turn(round, &mut machine.workers, &stop);
    }
    // 80 ms per turn, and one message that is not timed.
    let expected =
        [("verify", 101), ("time", 17), ("time", 101), ("time", 201), ("time", 201), ("time", 401)];
    assert_eq!(machine.played(), expected);
}

/// Checking every message plays about as much again, and errors are reported.
#[test]
fn verifying_plays_as_much_again_and_checks_it() {
    let case = Case { size: 64 << 10, ..pipe(Kind::RoundTrip) };
    for (count, checked) in [(70, 70), (7000, 256)] {
        let (mut machine, stop) = (Machine::new(&case, |_| 1000), Stop::default());
        let mut measurement = measurement(case, Effort::Count(count));
        (0..=7).for_each(|round| measurement.take_turn(round, &mut machine.workers, &stop));
        machine.played();
        let verified = measurement.verify(&mut machine.workers, &stop);
        assert_eq!(machine.played(), [("verify", checked)], "no more than 16 megabytes");
        let Verified { mechanism, size, messages, error, .. } = verified;
        assert_eq!((mechanism.as_str(), size, messages, error), ("pipe", 64 << 10, checked, None));
    }
}

/// A pair that loses a message, as the link that detected it reports.
#[test]
fn a_wrong_message_is_told() {
    let wrong = |channel: &crate::measure::pair::TaskChannel| -> Result<()> {
        channel.report_ready(1 << 20, None);
        let mut tasks = channel.tasks();
        while let Some(task) = tasks.next().filter(|task| !task.order.verify) {
            channel.report(invented(&task, 1000));
        }
        Err(Error::Corrupt("a message out of sequence"))
    };
    let (case, stop) = (pipe(Kind::RoundTrip), Stop::default());
    let mut workers = Workers::with(&case, Pair::on_thread(wrong).unwrap());
    let verified = measurement(case, Effort::Count(7)).verify(&mut workers, &stop);
    assert!(verified.error.is_some_and(|error| error.contains("out of sequence")));
    let mut workers = Workers::with(&case, Pair::on_thread(wrong).unwrap());
    let mut measurement = measurement(case, Effort::Count(7));
    measurement.take_turn(0, &mut workers, &stop);
    assert!(matches!(measurement.end(), Err(Refusal::Failed(Error::Corrupt(_)))), "a row has to work first");
}
