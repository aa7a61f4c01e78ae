use std::fs;
use std::time::Duration;

use crate::program;

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn the_child_reads_on_in_the_file_that_it_was_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("letter");
    fs::write(&path, "dear friend\nhow are you?\nbye\n").expect("a file");
    let outcome = program::run("socket_pass_descriptor", &[&path], LIMIT);
    outcome.expect_done("The parent should hand over the open file, and the child read from it.");
    let mut lines = outcome.stdout.lines();
    assert_eq!(lines.next(), Some("parent reads: dear friend"));
    assert_eq!(lines.next(), Some("child reads: how are you?"), "the two share one position in the file");
}

#[test]
fn any_descriptor_can_be_handed_over() {
    let outcome = program::run("socket_pass_descriptor", &["/dev/null"], LIMIT);
    outcome.expect_done("Not only regular files: a device should be handed over as well.");
    assert_eq!(outcome.stdout, "parent reads: \nchild reads: \n", "there is nothing to read in /dev/null");
}
