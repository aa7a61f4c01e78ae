//! The command `scenario`, beside what all scenarios promise (`tests/scenarios.rs`).

use ipc_conformance::watchdog::over_this_test;
use serde_json::Value;

use crate::program::{program, run};

#[test]
fn a_scenario_without_counterpart_says_why() {
    over_this_test();
    for name in ["select-order", "size-excludes-type", "full-both-ways", "interrupted"] {
        let (status, out, err) = run(&["scenario", name]); // needs no server
        assert_eq!((status, out.as_str(), err.lines().count()), (2, "", 1), "{err}");
        assert!(err.starts_with(&format!("error: {name} has no counterpart on a stream: ")), "{err}");
        let (_, listed, _) = run(&["scenario", "--list"]);
        let (with, without) = listed.split_once("\n\n").expect("two groups");
        assert!(!with.contains(name) && without.contains(name), "{listed}");
    }
}

#[test]
fn codes_of_the_server_and_its_readers_are_in_the_record() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let record = |name| {
        let (status, out, err) = run(&["scenario", name, "--json", "--server", &server.url()]);
        assert_eq!(status, 0, "{err}");
        serde_json::from_str::<Value>(&out).unwrap()
    };
    let outcomes = |record: &Value| {
        let events = record["events"].as_array().unwrap().iter();
        events.filter_map(|event| event["outcome"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let full = outcomes(&record("queue-full"));
    assert!(full.contains(&"10077 maximum messages exceeded".to_owned()), "{full:?}");
    let crash = record("crash-after-receive");
    assert!(outcomes(&crash).contains(&"\"order 17\", delivered: 2".to_owned()), "{crash:#}");
    let readers = |field: &str, most: u64| {
        let events = crash["events"].as_array().unwrap().iter();
        events.filter_map(|event| event["state"]["readers"][field].as_u64()).any(|number| number == most)
    };
    assert!(readers("unacknowledged", 1) && readers("delivered", 2), "{crash:#}");
}

#[test]
fn the_other_program_has_to_be_there() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let mut command = program(&["scenario", "orphan", "--beside", "msgq", "--server", &server.url()]);
    let output = command.env("IPC_MSGQ", "/nonexistent").output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), err.lines().count()), (Some(2), 1), "{err}");
    assert!(err.starts_with("error: IPC_MSGQ names no file: /nonexistent; "), "{err}");
}

/// Both are played, and named. The other program belongs to another workspace, which may not have been built.
#[test]
fn two_programs_play_the_same_scenario() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let words = ["scenario", "crash-after-receive", "--beside", "msgq", "--server", &server.url()];
    let output = program(&words).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    if err.contains("`cargo build -p ipc-msgq`") && std::env::var_os("CI").is_none() {
        return ipc_conformance::skipped(&err);
    }
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{out}");
    let (queue, stream) =
        out.split_once("== NATS stream: crash-after-receive\n").expect("one after the other");
    assert!(queue.starts_with("== System V queue: crash-after-receive\n"), "{out}");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" "); // a timeline breaks its lines
    assert!(words(queue).contains("no message (ENOMSG)") && words(stream).contains("delivered: 2"), "{out}");
    assert_eq!(out.matches("All checks passed.\n").count(), 2, "{out}");
}
