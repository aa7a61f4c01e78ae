use std::time::Duration;

use crate::program;

#[test]
fn it_gives_up_in_time_and_misses_nothing() {
    let outcome = program::run("msgq_deadline", &[] as &[&str], Duration::from_secs(20));
    outcome.expect_done("Waiting should end when the limit is over.");
    assert_eq!(
        outcome.stdout, "None, in time: true\nSome(\"I was held up\")\n",
        "first nothing comes, and the whole limit is waited for; then the message comes in time"
    );
}
