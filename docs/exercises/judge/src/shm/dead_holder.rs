use std::time::Duration;

use crate::program;

#[test]
fn the_lock_of_a_dead_process_is_free_and_the_count_stays_right() {
    let outcome = program::run("shm_dead_holder", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("Neither the take nor the give may fail.");
    let said = &outcome.stdout;
    assert!(
        said.contains("the next one got the lock"),
        "the holder is dead, and its lock is still taken: nothing gave it back\n{said}"
    );
    assert!(
        said.contains("in the end the count is 1"),
        "a free lock has the count 1. With 2, two processes would get it at once: is what a process took *and* gave back \
         taken back once more when it ends?\n{said}"
    );
}
