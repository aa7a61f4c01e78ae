//! The harness: measures all six, and says what the figures mean.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    ipc_bench::serve_if_invited().unwrap_or_else(command::main)
}
