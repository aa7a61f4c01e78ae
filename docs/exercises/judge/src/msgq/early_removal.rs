use std::time::Duration;

use crate::{ipc, kernel, program};

const DONE: &str = "done: wash\ndone: dry\ndone: iron\n";

#[test]
fn all_three_jobs_are_done_and_no_queue_is_left() {
    let outcome = program::run("msgq_early_removal", &[] as &[&str], Duration::from_secs(30));
    // For a queue that was left has to go in any case.
    let left = ipc::queues_of(outcome.id);
    left.iter().for_each(|id| drop(ipc::Queue(*id)));
    outcome.expect_done("The worker should get all jobs before the queue is removed.");
    assert_eq!(outcome.stdout, DONE, "all jobs should be done, in the order in which they were sent");
    assert!(left.is_empty(), "the program has ended, and its queue is still in the kernel");
}

#[test]
fn a_slow_worker_gets_them_too() {
    let mut program = program::command("msgq_early_removal");
    let outcome = program::finish(program.env("JOB_MS", "2700"), Duration::from_secs(30));
    let what = "A worker that takes 2.7 seconds for a job should get all jobs as well: no pause is long enough for all.";
    outcome.expect_done(what);
    assert_eq!(outcome.stdout, DONE, "{what}");
}

#[test]
fn the_queue_goes_when_the_worker_is_done() {
    let mut running = program::start(program::command("msgq_early_removal").env("JOB_MS", "10"));
    let said = [running.line(), running.line(), running.line()].concat();
    assert_eq!(said, DONE, "all jobs should be done");
    assert!(kernel::comes_true(|| kernel::children(running.id).is_empty()), "the worker should end");
    assert!(
        running.succeeds_within(Duration::from_secs(4)),
        "The worker has ended, and the sender still waits: for what, if not for the worker?"
    );
}
