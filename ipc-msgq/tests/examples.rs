//! The examples print what they are there to show.

use ipc_conformance::example;

#[test]
fn the_smallest_gets_an_answer() {
    assert_eq!(example("msgq_smallest"), "HELLO\n");
}
