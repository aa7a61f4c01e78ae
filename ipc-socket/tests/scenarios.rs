//! What all scenarios promise, checked of those on sockets.

use std::process::ExitCode;

use ipc_conformance::scenarios::{Cut, Scenarios};

fn main() -> ExitCode {
    let scenarios = Scenarios {
        program: env!("CARGO_BIN_EXE_ipc-socket"),
        names: &["backlog", "stale-path", "boundaries", "pass-a-descriptor", "half-close", "reset"],
    };
    // A path is in the file system, and one process sleeps in `connect`, for 200 ms at least.
    scenarios.test(Cut { name: "backlog", until: "): sleeps", is_left: |_| false })
}
