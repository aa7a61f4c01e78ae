use std::time::Duration;

use crate::program;

#[test]
fn the_end_of_file_comes_and_the_sum_is_printed() {
    let outcome = program::run("pipe_end_of_file", &[] as &[&str], Duration::from_secs(30));
    outcome.expect_done("The parent should come to the end of the file, and end.");
    assert_eq!(outcome.stdout, "sum 42\n", "the children say 10, 20 and 12");
}
