//! The demo of this mechanism.

fn main() {}
