//! Every scenario of the course: it states its claim, the claim holds, and no queue is left.

#[path = "common/children.rs"]
mod children;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use children::{PATIENCE, end};
use ipc_conformance::other::ctrl_c;
use ipc_conformance::scenarios::Scenarios;
use ipc_msgq::{Key, Queue};
use nix::sys::signal::Signal;

const NAMES: [&str; 18] = [
    "blocking",
    "nonblocking",
    "two-receivers",
    "crash-after-receive",
    "route-by-type",
    "sender-first",
    "multi-client",
    "remove-too-early",
    "remove-safely",
    "same-key-same-queue",
    "size-excludes-type",
    "select-order",
    "too-long",
    "queue-full",
    "full-both-ways",
    "removed-while-waiting",
    "interrupted",
    "orphan",
];

fn scenario(args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-msgq"));
    command.arg("scenario").args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for the process, and returns its status and its output.
fn ended(child: Child) -> (Option<i32>, String, String) {
    let output = children::ended(child);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Returns every key of 8 digits in the output: those of its queues.
fn keys(output: &str) -> Vec<Key> {
    let words = output.split([' ', ',', ':', '(', ')', '\n']);
    words
        .filter(|word| word.starts_with("0x") && word.len() == 10)
        .map(|word| word.parse().unwrap())
        .collect()
}

fn nothing_left(output: &str) {
    let keys = keys(output);
    assert!(!keys.is_empty(), "{output}");
    for key in keys {
        assert!(Queue::open(key).is_err(), "a queue is left: {output}");
    }
}

const SCENARIOS: Scenarios = Scenarios { program: env!("CARGO_BIN_EXE_ipc-msgq"), names: &NAMES };

#[test]
fn the_list_is_complete() {
    SCENARIOS.are_listed();
}

#[test]
fn every_run_is_recorded() {
    SCENARIOS.are_recorded();
}

#[test]
fn a_run_can_be_stepped_through() {
    SCENARIOS.can_be_stepped_through();
}

/// Each plays with several processes, finds its claims true and leaves no queue.
#[test]
fn every_scenario_holds() {
    for name in NAMES {
        let (status, output, stderr) = ended(scenario(&[name]));
        assert_eq!((status, &*stderr), (Some(0), ""), "{name}: {output}");
        assert!(
            output.starts_with(&format!("{name}: ")) && output.ends_with("All checks passed.\n"),
            "{output}"
        );
        assert!(output.contains('✓') && !output.contains('✗'), "{output}");
        assert!(output.matches(" starts\n").count() >= 2, "at least two processes: {output}");
        nothing_left(&output);
    }
}

/// Each line fits a terminal, and each call is followed by the line of the scenario that has it made: that line is
/// there, and does so.
#[test]
fn each_call_names_its_source_line() {
    for name in NAMES {
        let (_, output, _) = ended(scenario(&[name]));
        assert!(output.lines().all(|line| line.chars().count() <= 80), "{output}");
        let calls: Vec<_> = events(&output).into_iter().filter(|event| is_call(event)).collect();
        assert!(calls.len() >= 2, "{name}: {calls:?}");
        for event in calls {
            let source = event.rsplit(' ').next().unwrap();
            let (file, number) = source.split_once(".rs:").unwrap_or_else(|| panic!("{name}: {event}"));
            let path = format!("{}/src/bin/ipc-msgq/scenario/{file}.rs", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(&path).unwrap();
            let line = text.lines().nth(number.parse::<usize>().unwrap() - 1).unwrap().trim();
            let makes = [".run(", ".start(", ".start_announced(", ".signal(", ".kill("];
            assert!(makes.iter().any(|call| line.contains(call)), "{name}: {event}: {line}");
            // Where the step is in the line itself, it is this one.
            let steps =
                [("msgsnd", "msgsnd("), ("msgrcv", "msgrcv("), ("IPC_RMID", "remove("), ("gets", "signal(")];
            let is_written = steps.iter().any(|(_, step)| line.contains(step));
            let agrees = steps.iter().any(|(call, step)| event.contains(call) && line.contains(step));
            assert!(agrees || !is_written, "{event}: {line}");
        }
    }
}

/// Exactly the line: the call, and not its end or its check.
#[test]
fn a_source_line_is_that_of_the_call() {
    let (_, output, _) = ended(scenario(&["blocking"]));
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin/ipc-msgq/scenario/waiting.rs"));
    let number =
        |call: &str| text.as_ref().unwrap().lines().position(|line| line.contains(call)).unwrap() + 1;
    let [receives, sends] = ["start(msgrcv(Any, 100))", r#"run(msgsnd(1, "hello.txt"))"#].map(number);
    let sources: Vec<_> = events(&output).iter().filter(|event| is_call(event)).cloned().collect();
    let expected = [("msgrcv", receives), ("msgsnd", sends), ("msgrcv", receives)];
    assert_eq!(sources.len(), expected.len(), "{sources:?}");
    for (event, (call, line)) in sources.iter().zip(expected) {
        assert!(event.contains(call) && event.ends_with(&format!("  waiting.rs:{line}")), "{event}: {line}");
    }
}

/// Returns the lines of a scenario, each with those that continue it.
fn events(output: &str) -> Vec<String> {
    let mut events: Vec<String> = Vec::new();
    for line in output.lines() {
        match line.strip_prefix(&" ".repeat(31)) {
            Some(rest) => events.last_mut().unwrap().extend(["  ", rest]),
            None => events.push(line.to_owned()),
        }
    }
    events
}

fn is_call(event: &str) -> bool {
    event.contains(" ms  ")
        && ["msgsnd(", "msgrcv(", "msgctl(", "msgget(", "gets SIG", "killed", ".rs:"]
            .iter()
            .any(|call| event.contains(call))
}

/// A false claim ends with status 1 and an error that names it.
#[test]
fn a_claim_that_does_not_hold_is_an_error() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-msgq"));
    command.args(["helper", "false-claim", "null"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (status, output, stderr) = ended(command.spawn().unwrap());
    assert_eq!(status, Some(1), "{output}");
    assert_eq!(stderr, "error: the kernel behaved differently: check failed: there was a message\n");
    assert!(output.contains("✗ there was a message") && !output.contains("All checks passed"), "{output}");
    nothing_left(&output);
}

/// The line of `queue-full` at which it is cut short: the sender's call, not the claim, which says "sleeps", too.
const UNTIL: &str = "): sleeps";

/// A scenario ended in the middle, by Ctrl-C, by `kill` or by `kill -9`, leaves no queue and no process.
#[test]
fn a_scenario_that_is_killed_leaves_nothing() {
    for signal in [ctrl_c(), Signal::SIGTERM, Signal::SIGKILL] {
        // In its own directory, where no other test cleans up after it.
        let place = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-msgq"));
        command.args(["scenario", "queue-full"]).env("TMPDIR", place.path());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        while !output.contains(UNTIL) {
            assert_ne!(lines.read_line(&mut output).unwrap(), 0, "{output}");
        }
        assert!(!keys(&output).is_empty(), "{output}");
        end(&mut child, signal);
        let started = Instant::now();
        while keys(&output).into_iter().any(|key| Queue::open(key).is_ok()) {
            assert!(started.elapsed() < PATIENCE, "after {signal} a queue is left: {output}");
            thread::sleep(Duration::from_millis(5));
        }
        let processes = output.lines().filter(|line| line.ends_with(" starts"));
        for pid in processes.map(|line| line.split_whitespace().rev().nth(1).unwrap()) {
            let lives = || {
                std::fs::read_to_string(format!("/proc/{pid}/cmdline"))
                    .is_ok_and(|line| line.contains("performer"))
            };
            while lives() {
                assert!(
                    started.elapsed() < PATIENCE,
                    "after {signal} the process {pid} still runs: {output}"
                );
                thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

/// Where the guard is killed with all the others, the next run removes the queue.
#[test]
fn the_next_run_removes_the_queue_of_killed_processes() {
    let is_left = |output: &str| keys(output).into_iter().any(|key| Queue::open(key).is_ok());
    SCENARIOS.leave_nothing_for_long("queue-full", UNTIL, is_left);
}

/// The guard of a scenario removes its queue even if the scenario is killed before it has read the guard's reply.
#[test]
fn a_guard_whose_reply_is_not_read_removes_its_queue() {
    let key = Key::fresh();
    let queue = Queue::create(key, 0o600).unwrap().owned();
    let (reader, replies) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-msgq"));
    command.args(["helper", "guard", "null"]).stdin(Stdio::piped()).stdout(replies).stderr(Stdio::piped());
    let mut guard = command.spawn().unwrap();
    writeln!(guard.stdin.take().unwrap(), r#"{{"key":"{key}","id":{}}}"#, queue.id()).unwrap();
    assert_eq!(ended(guard), (Some(0), String::new(), String::new()));
    assert!(Queue::open(key).is_err(), "the queue is left");
}
