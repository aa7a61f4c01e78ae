//! What all scenarios promise, checked of those on pipes.

use std::process::ExitCode;

use ipc_conformance::scenarios::{Cut, Scenarios};

fn main() -> ExitCode {
    let scenarios = Scenarios {
        program: env!("CARGO_BIN_EXE_ipc-pipe"),
        names: &["two-full", "forgotten-end", "broken-pipe", "boundaries-lost"],
    };
    // Both processes sleep in `write`, each with both ends of the pipes: nothing in the kernel would ever wake them.
    scenarios.test(Cut { name: "two-full", until: "200 ms pass", is_left: |_| false })
}
