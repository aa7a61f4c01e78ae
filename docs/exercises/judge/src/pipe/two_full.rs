use std::time::Duration;

use crate::{kernel, program};

const LIMIT: Duration = Duration::from_secs(30);

fn echoed(len: &str) {
    let outcome = program::run("pipe_two_full", &[len], LIMIT);
    outcome.expect_done(&format!("{len} bytes should go out and come back. (If it hangs: who reads?)"));
    assert_eq!(outcome.stdout, format!("sent {len}, received {len}\n"));
}

#[test]
fn few_bytes_come_back() {
    echoed("1000");
}

#[test]
fn many_bytes_come_back() {
    echoed("2000000");
}

/// No pipe can be made so large that this fits.
#[test]
fn more_bytes_than_the_largest_pipes_hold_come_back() {
    echoed("20000000");
}

#[test]
fn the_sizes_at_which_a_pipe_is_just_full_come_back() {
    ["0", "65536", "65537", "131073", "204801"].iter().for_each(|len| echoed(len));
}

/// The kernel counts what a process reads and writes, and adds it to the counts of its parent when that has waited for it.
/// The child copies without either (`splice`), so this is what the parent itself did.
#[test]
fn the_bytes_really_go_through_both_pipes() {
    const LEN: u64 = 5_000_000;
    let Some(before) = kernel::read_and_written() else { return };
    echoed(&LEN.to_string());
    let after = kernel::read_and_written().expect("it was there before");
    let (read, written) = (after.0 - before.0, after.1 - before.1);
    assert!(
        read >= LEN && written >= LEN,
        "the program wrote {written} bytes and read {read}, of {LEN}: the number that it prints is no proof"
    );
}
