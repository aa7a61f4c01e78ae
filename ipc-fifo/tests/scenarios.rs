//! Every scenario of the course: it states its claim, the claim holds, and no process and no file is left.

use ipc_conformance::scenarios::Scenarios;

const SCENARIOS: Scenarios = Scenarios {
    program: env!("CARGO_BIN_EXE_ipc-fifo"),
    names: &["open-order", "false-end-of-file", "torn-write"],
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

/// Both processes sleep in `open`: nothing would ever wake them.
#[test]
fn a_scenario_that_is_killed_leaves_nothing() {
    SCENARIOS.leave_nothing("open-order", "200 ms pass", |_| false);
}
