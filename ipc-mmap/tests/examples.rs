//! The examples print what they are there to show.

use ipc_conformance::example;

#[test]
fn the_smallest_shares_a_number() {
    assert_eq!(example("mmap_smallest"), "the second process loaded: 42\n");
}
