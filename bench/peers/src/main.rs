//! Plays other libraries beside the suite, and prints how long each takes.

use std::process::ExitCode;

use peers::{command, processes};

fn main() -> ExitCode {
    // For this process and for its children, which run this program too.
    if let Err(error) = ipc_core::ring::guard::install() {
        return ipc_demo::report(Err(error));
    }
    if let Some(served) = processes::serve_if_invited() {
        return ipc_demo::report(served);
    }
    ipc_bench::measure::child::serve_if_invited().unwrap_or_else(command::main)
}
