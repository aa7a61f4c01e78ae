//! Every scenario of the course: it states its claim, the claim holds, and no process and no object is left.

use ipc_conformance::scenarios::Scenarios;
use ipc_shm::{Key, Segment, SemaphoreArray};
use nix::unistd::geteuid;

const SCENARIOS: Scenarios = Scenarios {
    program: env!("CARGO_BIN_EXE_ipc-shm"),
    names: &["lost-update", "flag-order", "dead-holder", "lock-step"],
};

#[test]
fn the_list_is_complete() {
    SCENARIOS.are_listed();
}

#[test]
fn every_scenario_holds() {
    SCENARIOS.hold();
}

#[test]
fn every_run_is_recorded() {
    SCENARIOS.are_recorded();
}

#[test]
#[cfg(feature = "step")]
fn a_run_can_be_stepped_through() {
    SCENARIOS.can_be_stepped_through();
}

#[test]
fn a_claim_that_does_not_hold_is_an_error() {
    SCENARIOS.notice_a_false_claim();
}

/// One process holds locks, three sleep: nothing would wake them. The semaphores have the key of the segment.
#[test]
fn a_scenario_that_is_killed_leaves_nothing() {
    SCENARIOS.leave_nothing("dead-holder", "pthread_mutex_lock(lock C): sleeps", |output| {
        let key = output.split_once(" key ").and_then(|(_, after)| after.split_once(','));
        let key: Key = key.expect("the timeline names it").0.parse().unwrap();
        let array = SemaphoreArray::find(key, geteuid().as_raw()).unwrap();
        Segment::find(key).unwrap().is_some() || array.is_some()
    });
}
