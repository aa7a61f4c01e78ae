use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::program::{self, Outcome};

fn run() -> Outcome {
    program::run("msgq_deadline", &[] as &[&str], Duration::from_secs(30))
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
    let (outcome, busy) = program::beside_a_busy_thread(run);
    outcome.expect_done("Waiting should end when the limit is over.");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("it needs no rights");
    let used = (usage.user_time() + usage.system_time()).num_milliseconds();
    let busy = busy.as_millis() as i64;
    // It waits for half a second. Looking every millisecond takes some ten milliseconds of a processor.
    assert!(
        used < busy / 2,
        "it kept a processor busy for {used} ms, where one who never sleeps gets {busy}"
    );
}
