use std::time::Duration;

use crate::program;

#[test]
fn nothing_is_left_behind_when_both_are_killed() {
    let outcome = program::run("shm_last_one_out", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("The program kills two processes, looks at what they left, and ends.");
    let said = &outcome.stdout;
    assert!(
        !said.contains("waits forever"),
        "`meet` does not come back: it should, as soon as `attached` says 2.\n{said}"
    );
    assert!(
        said.contains("the joiner is attached"),
        "the joiner found nothing under the key: the segment was marked for removal before both were attached\n{said}"
    );
    assert!(
        said.contains("nothing is left behind"),
        "both processes are dead, and the segment is still in the kernel's table: it had not been marked\n{said}"
    );
}
