//! Every scenario of the course: it states its claim, the claim holds, and neither a process nor a path is left.

use ipc_conformance::scenarios::Scenarios;

const SCENARIOS: Scenarios = Scenarios {
    program: env!("CARGO_BIN_EXE_ipc-socket"),
    names: &["backlog", "stale-path", "boundaries", "pass-a-descriptor", "half-close", "reset"],
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

/// A path is in the file system, and one process sleeps in `connect`, for 200 ms at least.
#[test]
fn a_scenario_that_is_killed_leaves_neither_a_process_nor_a_path() {
    SCENARIOS.leave_nothing("backlog", "): sleeps", |_| false);
}
