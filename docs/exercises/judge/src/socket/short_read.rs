use std::time::Duration;

use crate::program;

const LIMIT: Duration = Duration::from_secs(30);

/// The ten messages must come out whole, sent in pieces of so many bytes.
fn whole(piece: &str) {
    let outcome = program::run("socket_short_read", &[piece, "0"], LIMIT);
    outcome.expect_done(&format!("All messages should be received, sent in pieces of {piece} bytes."));
    let expected: Vec<_> =
        (1..=10).map(|number| format!("message {number}: {}", "abc".repeat(number))).collect();
    let received: Vec<_> = outcome.stdout.lines().collect();
    assert_eq!(received, expected, "sent in pieces of {piece} bytes: each line is to be one whole message");
}

#[test]
fn messages_in_one_piece_are_whole() {
    whole("1000");
}

#[test]
fn messages_in_short_pieces_are_whole() {
    whole("7");
}

#[test]
fn messages_byte_by_byte_are_whole() {
    whole("1");
}

#[test]
fn an_end_in_the_middle_is_an_error() {
    // 3: in the last message; 44: behind two of the four bytes of its length.
    for cut in ["3", "44"] {
        let outcome = program::run("socket_short_read", &["7", cut], LIMIT);
        let status = outcome.status.expect("It should end when the client ends.");
        assert!(
            !status.success(),
            "The client ended {cut} bytes early, in the middle of a message: that is an error."
        );
        assert_eq!(outcome.stdout.lines().count(), 9, "nine messages were whole, and are to be printed");
    }
}
