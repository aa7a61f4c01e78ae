//! The shared conformance suite.

fn main() {}
