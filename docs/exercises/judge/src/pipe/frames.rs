use std::time::Duration;

use crate::program;

const LIMIT: Duration = Duration::from_secs(30);

/// The output when the sender sends in this way.
fn received(how: &str) -> String {
    let outcome = program::run("pipe_frames", &[how], LIMIT);
    outcome.expect_done(&format!("What was sent ({how}) should be received to its end."));
    outcome.stdout.trim().to_owned()
}

#[test]
fn frames_that_come_byte_by_byte_are_put_together() {
    let expected = "5 bytes, sum 532\n0 bytes, sum 0\n6 bytes, sum 585\nend";
    assert_eq!(received("torn"), expected, "\"hello\", an empty message and \"world!\" came in many pieces");
}

#[test]
fn frames_that_come_at_once_are_taken_apart() {
    let expected = "3 bytes, sum 322\n3 bytes, sum 346\n5 bytes, sum 536\nend";
    assert_eq!(received("together"), expected, "\"one\", \"two\" and \"three\" came in one piece");
}

#[test]
fn a_frame_longer_than_the_pipe_arrives() {
    let expected = "300000 bytes, sum 300000\n5 bytes, sum 530\nend";
    assert_eq!(received("long"), expected, "one read brings 64 KiB at most");
}

#[test]
fn an_end_of_file_within_a_frame_is_an_error() {
    let expected = "5 bytes, sum 543\nerror UnexpectedEof";
    assert_eq!(
        received("cut"),
        expected,
        "the second message never became whole, and must not look like an end"
    );
}

#[test]
fn an_end_of_file_within_a_length_is_an_error() {
    let expected = "5 bytes, sum 543\nerror UnexpectedEof";
    assert_eq!(
        received("stub"),
        expected,
        "two bytes of the second length came, and then the end: that is no good end either"
    );
}

#[test]
fn a_length_that_no_message_has_is_refused() {
    // `program::command` lets it have 1 GiB.
    assert_eq!(
        received("huge"),
        "error InvalidData",
        "the sender claimed 4 GiB: compare before you claim memory"
    );
}

#[test]
fn the_longest_message_is_taken_and_one_byte_more_is_not() {
    let expected = format!("{0} bytes, sum {0}\nerror InvalidData", 1 << 20);
    assert_eq!(received("limit"), expected, "a length of LONGEST is good, LONGEST + 1 is not");
}
