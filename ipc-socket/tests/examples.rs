//! The examples print what they are there to show.

use ipc_conformance::{example, example_in_c};

#[test]
fn the_smallest_says_hello() {
    assert_eq!(example("socket_smallest"), "the server read: hello from the client\n");
}

#[test]
fn the_smallest_in_c_says_the_same() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/socket/smallest.c");
    assert_eq!(example_in_c(source), "the server read: hello from the client\n");
}

#[test]
fn tokio_asks_and_is_answered() {
    assert_eq!(example("socket_tokio"), "ONE\nTWO\nTHREE\n");
}
