use std::time::Duration;

use crate::program;

fn said() -> String {
    let outcome = program::run("shm_lost_update", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("Two processes count, and the program says how far.");
    outcome.stdout.clone()
}

#[test]
fn two_processes_count_all() {
    let said = said();
    assert!(
        said.contains("counted 400000 of 400000"),
        "what one process added was overwritten by the other\n{said}"
    );
}

#[test]
fn no_moment_loses_an_update() {
    let said = said();
    assert!(
        said.contains(" can come, 0 of them lose an update"),
        "the other process came between two calls of `add`, and what it added was overwritten, or what `add` adds was not \
         added\n{said}"
    );
    assert!(!said.contains("\n0 moments"), "`add` must call something of the counter\n{said}");
}
