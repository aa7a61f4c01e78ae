use std::time::Duration;

use crate::program;

const LIMIT: Duration = Duration::from_secs(30);

/// The output when all records have this length.
fn written(len: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let name = folder.path().to_str().expect("a name in UTF-8");
    let outcome = program::run("fifo_writers", &[name, len], LIMIT);
    outcome.expect_done("Four writers should write, and the reader read to the end.");
    assert_eq!(folder.path().read_dir().expect("the folder").count(), 0, "the FIFO should be gone");
    outcome.stdout
}

#[test]
fn short_records_arrive_whole() {
    let said = written("100");
    assert!(
        said.contains("80 good, 0 bad"),
        "records were mixed: how many calls of write does one take? {said}"
    );
}

#[test]
fn the_longest_records_arrive_whole() {
    // The longest name, a blank, the text, the line's end: 5 + 1 + 4089 + 1 = 4096 bytes.
    let said = written("4089");
    assert!(said.contains("80 good, 0 bad"), "up to PIPE_BUF bytes must go: {said}");
}

#[test]
fn one_byte_too_many_is_too_many() {
    // With 4090, "anna" and "dora" still have 4096 bytes. "berta" and "clara" have 4097, the line's end included.
    let said = written("4090");
    assert!(said.contains("40 good, 0 bad"), "4096 bytes are promised, and 4097 are not: {said}");
    assert_eq!(said.matches("InvalidInput").count(), 2, "is the line's end counted? {said}");
}

#[test]
fn records_that_could_be_torn_are_refused() {
    let said = written("5000");
    assert!(said.contains("0 good, 0 bad"), "nothing of such a record should be written: {said}");
    assert_eq!(said.matches("InvalidInput").count(), 4, "each of the four writers should be told: {said}");
}
