use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::program::{self, Outcome};

fn run() -> Outcome {
    program::run("msgq_deadline", &[] as &[&str], Duration::from_secs(20))
}

#[test]
fn it_gives_up_in_time_and_misses_nothing() {
    let outcome = run();
    outcome.expect_done("Waiting should end when the limit is over.");
    assert_eq!(
        outcome.stdout, "None, in time: true\nSome(\"I was held up\"), before the end: true\n",
        "first nothing comes, and the whole limit is waited for; then the message comes in time"
    );
}

#[test]
fn it_sleeps_while_it_waits() {
    let used = || {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("it needs no rights");
        (usage.user_time() + usage.system_time()).num_milliseconds()
    };
    let before = used();
    run().expect_done("Waiting should end when the limit is over.");
    let used = used() - before;
    // It waits for half a second. Who looks every millisecond needs some ten milliseconds of a processor for that.
    assert!(used < 60, "it kept a processor busy for {used} ms, while there was nothing to do but wait");
}
