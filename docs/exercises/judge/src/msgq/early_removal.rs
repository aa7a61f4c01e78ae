use std::time::Duration;

use crate::program;

#[test]
fn all_three_jobs_are_done() {
    let outcome = program::run("msgq_early_removal", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("The worker should get all jobs before the queue is removed.");
    assert_eq!(
        outcome.stdout, "done: wash\ndone: dry\ndone: iron\n",
        "all jobs should be done, in the order in which they were sent"
    );
}

#[test]
fn a_slow_worker_gets_them_too() {
    let mut program = program::command("msgq_early_removal");
    let outcome = program::finish(program.env("JOB_MS", "700"), Duration::from_secs(30));
    let what =
        "A worker that takes 700 ms for a job should get all jobs as well: no pause is long enough for all.";
    outcome.expect_done(what);
    assert_eq!(outcome.stdout, "done: wash\ndone: dry\ndone: iron\n", "{what}");
}
