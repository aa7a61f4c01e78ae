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

/// No program can show this on a processor that keeps stores in order, as x86-64 does.
#[test]
fn the_count_comes_last_on_every_processor() {
    let code = program::code("mmap_after_kill");
    let append = code.split("fn main").next().unwrap_or_default();
    assert!(
        ["Release", "AcqRel", "SeqCst"].iter().any(|order| append.contains(order)),
        "`append` stores the count with `Relaxed`: another processor may see it before the words"
    );
}
