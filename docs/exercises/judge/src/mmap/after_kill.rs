use std::time::Duration;

use crate::program;

#[test]
fn a_reader_finds_whole_records_only() {
    let outcome = program::run("mmap_after_kill", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("A writer is killed, and the program reads what it left.");
    let said = &outcome.stdout;
    let after = |begin: &str| said.lines().find_map(|line| line.strip_prefix(begin)).unwrap_or_default();
    assert_eq!(
        after("after the kill: "),
        "11, 12",
        "the writer was killed in the middle of record 13: it must not count, and the two before must be there\n{said}"
    );
    assert_eq!(
        after("after the next writer: "),
        "11, 12, 14",
        "the next record goes where the torn one was\n{said}"
    );
}
