//! The examples print what they are there to show.

use ipc_conformance::{example, example_in_c};

#[test]
fn the_smallest_shares_a_number() {
    assert_eq!(example("mmap_smallest"), "the second process loaded: 42\n");
}

#[test]
fn the_smallest_in_c_says_the_same() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/memory-map/smallest.c");
    assert_eq!(example_in_c(source), "the second process loaded: 42\n");
}
