//! What all scenarios promise, checked of those on FIFOs.

use std::process::ExitCode;

use ipc_conformance::scenarios::{Cut, Scenarios};

fn main() -> ExitCode {
    let scenarios = Scenarios {
        program: env!("CARGO_BIN_EXE_ipc-fifo"),
        names: &["open-order", "false-end-of-file", "torn-write"],
    };
    // Both processes sleep in `open`: nothing would ever wake them.
    scenarios.test(Cut { name: "open-order", until: "200 ms pass", is_left: |_| false })
}
