use std::time::Duration;

use crate::{kernel, program};

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn the_end_of_file_comes_and_the_sum_is_printed() {
    let outcome = program::run("pipe_end_of_file", &[] as &[&str], LIMIT);
    outcome.expect_done("The parent should come to the end of the file, and end.");
    assert_eq!(outcome.stdout, "sum 42\n", "the children say 10, 20 and 12");
}

#[test]
fn many_lines_of_other_children_come_too() {
    let outcome = program::run("pipe_end_of_file", &["30000", "1", "2", "3", "4"], LIMIT);
    outcome.expect_done("Four children write 30,000 lines each: more than a pipe holds.");
    assert_eq!(outcome.stdout, "sum 300000\n", "30,000 times each of 1, 2, 3 and 4");
}

/// Whoever knows how much will come can stop before the end of file. That is not the exercise.
#[test]
fn while_it_reads_it_has_no_write_end() {
    let mut command = program::command("pipe_end_of_file");
    let running = program::start(command.args(["1", "5", "6"]).env("CHILD_MS", "4000"));
    let started = kernel::comes_true(|| kernel::children(running.id).len() == 2);
    assert!(started, "two children should be running");
    assert!(
        kernel::waits_for_something(running.id),
        "the parent should sleep in read while the children live"
    );
    let child = kernel::children(running.id).first().copied().unwrap_or_default();
    let output = kernel::open_files(child).into_iter().find(|open| open.descriptor == 1);
    let pipe = output.expect("a child should be running, with the pipe as its output").path;
    let open = kernel::open_files(running.id);
    let (write, read): (Vec<_>, Vec<_>) =
        open.iter().filter(|open| open.path == pipe).partition(|open| open.can_write);
    assert!(!read.is_empty(), "the parent should have the read end");
    assert!(
        write.is_empty(),
        "the parent sleeps, and still has the write end open, as descriptor {}: as long as it has, no end of file comes",
        write[0].descriptor
    );
    assert_eq!(running.rest(), "sum 11\n", "the children say 5 and 6");
}
