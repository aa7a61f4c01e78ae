//! The harness: measures all six mechanisms, and says what the figures mean.

mod command;

use std::process::ExitCode;

use ipc_core::ring::guard;

fn main() -> ExitCode {
    // For this process and for its children, which run this program too.
    if let Err(error) = guard::install() {
        return ipc_core::demo::report(Err(error));
    }
    ipc_bench::serve_if_invited().unwrap_or_else(command::main)
}
