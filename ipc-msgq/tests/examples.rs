//! The examples print what they are there to show.

use ipc_conformance::{example, example_in_c, pair_of_examples};

#[test]
fn the_smallest_gets_an_answer() {
    assert_eq!(example("msgq_smallest"), "HELLO\n");
}

#[test]
fn the_smallest_in_c_says_the_same() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/message-queue/smallest.c");
    assert_eq!(example_in_c(source), "HELLO\n");
}

/// The two programs of the README.
#[test]
fn the_receiver_gets_the_senders_structs() {
    let said = "sensor 1: 20.5 °C\nsensor 2: 20.5 °C\nsensor 3: 20.5 °C\n";
    assert_eq!(pair_of_examples("msgq_receiver", "msgq_sender"), said);
}
