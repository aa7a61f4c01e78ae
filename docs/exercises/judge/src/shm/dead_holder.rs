use std::process::Stdio;
use std::time::Duration;

use crate::ipc::Semaphore;
use crate::{kernel, program};

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

/// The semaphore is the judge's, and so it sees what is in it.
#[test]
fn the_kernel_gives_it_back_and_no_process_takes_it_from_the_living() {
    let semaphore = Semaphore::new(1);
    let id = semaphore.0.to_string();
    let mut holder = program::command("shm_dead_holder");
    let mut holder = program::start(holder.args(["hold", &id]).stdin(Stdio::piped()));
    assert_eq!(holder.line(), "I hold it\n", "a free lock can be taken");
    assert_eq!(semaphore.value(), 0, "a lock that is held has the count 0");

    let polite = program::run("shm_dead_holder", &["polite", &id], Duration::from_secs(30));
    polite.expect_done("One that does not get the lock should give up.");
    assert_eq!(
        semaphore.value(),
        0,
        "the holder is alive: another process must neither get its lock nor give it back"
    );

    drop(holder); // killed
    assert!(
        kernel::comes_true(|| semaphore.value() == 1),
        "the holder was killed, no process has done anything since, and the count is {}: the kernel should have given \
         back what it held",
        semaphore.value()
    );
    for _ in 0..3 {
        program::run("shm_dead_holder", &["polite", &id], Duration::from_secs(30)).expect_done("a free lock");
    }
    assert_eq!(semaphore.value(), 1, "three processes took the lock, gave it back and ended");
}
