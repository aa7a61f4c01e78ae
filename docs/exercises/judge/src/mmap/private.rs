use std::time::Duration;

use crate::program;

#[test]
fn what_one_process_stores_arrives_at_the_other() {
    let outcome = program::run("mmap_private", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("Two processes map a file, and end.");
    let said = &outcome.stdout;
    assert!(said.contains("stored 42: true"), "the second process failed\n{said}{}", outcome.stderr);
    assert!(said.contains("this process loads 42"), "the store stayed in the process that made it\n{said}");
    assert!(said.contains("the file begins with 42"), "the store did not come to the file\n{said}");
}
