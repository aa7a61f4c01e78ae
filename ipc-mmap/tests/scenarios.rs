//! What all scenarios promise, checked of those on mapped files.

use std::process::ExitCode;

use ipc_conformance::scenarios::{Cut, Scenarios};

fn main() -> ExitCode {
    let scenarios = Scenarios {
        program: env!("CARGO_BIN_EXE_ipc-mmap"),
        names: &["shared-and-private", "truncated", "kept-after-kill"],
    };
    // The file has a name, under which it would stay.
    scenarios.test(Cut { name: "truncated", until: "starts", is_left: |_| false })
}
