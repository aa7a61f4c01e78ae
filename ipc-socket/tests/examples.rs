//! The examples print what they are there to show.

use ipc_conformance::example;

#[test]
fn the_smallest_says_hello() {
    assert_eq!(example("socket_smallest"), "the server read: hello from the client\n");
}
