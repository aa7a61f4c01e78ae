use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::{kernel, program};

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

/// The judge is the client, and sends the next piece only when the server sleeps: so no pause brings more.
#[test]
fn messages_are_whole_however_slow_the_client_is() {
    let (mut ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    let mut command = program::command("socket_short_read");
    let server = program::start(command.arg("receive").stdin(OwnedFd::from(theirs)));
    drop(command); // it has the server's end
    for piece in [&b"\x05\0"[..], b"\0\0", b"he", b"llo\x03", b"\0\0\0on", b"e\0\0\0\0"] {
        assert!(kernel::waits_for_something(server.id), "the server should wait for the next bytes");
        ours.write_all(piece).expect("the server should receive up to the end");
    }
    drop(ours);
    assert_eq!(server.rest(), "hello\none\n\n", "\"hello\", \"one\" and an empty message came in six pieces");
}
