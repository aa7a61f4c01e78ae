use std::fs;
use std::time::{Duration, Instant};

use crate::{kernel, program};

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

#[test]
fn a_late_joiner_finds_the_segment_too() {
    let mut program = program::command("shm_last_one_out");
    let outcome = program::finish(program.env("JOINER_MS", "4000"), Duration::from_secs(30));
    outcome.expect_done("The program kills two processes, looks at what they left, and ends.");
    let said = &outcome.stdout;
    assert!(
        said.contains("the joiner is attached"),
        "a joiner that comes four seconds late found nothing under the key: no pause is long enough for all\n{said}"
    );
    assert!(said.contains("nothing is left behind"), "the segment is left behind\n{said}");
}

/// How many have the owner's segment attached, and whether it is marked, from the kernel's table.
fn segment_of(owner: u32) -> Option<(u64, bool)> {
    let table = fs::read_to_string("/proc/sysvipc/shm").expect("Linux with System V IPC");
    let rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let row = rows.into_iter().find(|row| row[4] == owner.to_string())?;
    let marked = u32::from_str_radix(row[2], 8).ok()? & 0o1000 != 0; // SHM_DEST
    Some((row[6].parse().ok()?, marked))
}

#[test]
fn it_is_marked_as_soon_as_both_are_attached() {
    let running = program::start(program::command("shm_last_one_out").env("JOINER_MS", "300"));
    let mut owner = 0;
    let both = kernel::comes_true(|| {
        owner = kernel::children(running.id).first().copied().unwrap_or(owner);
        segment_of(owner).is_some_and(|(attached, _)| attached == 2)
    });
    // Once marked, both may be dead before the next look.
    let begin = Instant::now();
    while both && segment_of(owner).is_some_and(|(_, marked)| !marked) {
        assert!(
            begin.elapsed() < Duration::from_secs(2),
            "two processes have been attached for two seconds, and the segment is not marked: what if they are killed now?"
        );
    }
    let said = running.rest();
    assert!(said.contains("nothing is left behind"), "{said}");
}
