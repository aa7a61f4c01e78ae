use std::time::Duration;

use crate::program;

#[test]
fn all_three_jobs_are_done() {
    let outcome = program::run("msgq_early_removal", &[] as &[&str], Duration::from_secs(20));
    outcome.expect_done("The worker should get all jobs before the queue is removed.");
    assert_eq!(
        outcome.stdout, "done: wash\ndone: dry\ndone: iron\n",
        "all jobs should be done, in the order in which they were sent"
    );
}
