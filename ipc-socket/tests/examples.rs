//! The examples print what they are there to show.

use ipc_conformance::example;

#[test]
fn the_smallest_says_hello() {
    assert_eq!(example("socket_smallest"), "the server read: hello from the client\n");
}

#[test]
fn tokio_asks_and_is_answered() {
    assert_eq!(example("socket_tokio"), "ONE\nTWO\nTHREE\n");
}
