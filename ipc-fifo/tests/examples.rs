//! The examples print what they are there to show.

use ipc_conformance::{example, example_in_c};

#[test]
fn the_smallest_says_hello() {
    assert_eq!(example("fifo_smallest"), "the reader read: hello from the writer\n");
}

#[test]
fn the_smallest_in_c_says_the_same() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/fifo/smallest.c");
    assert_eq!(example_in_c(source), "the reader read: hello from the writer\n");
}
