//! Measures the queue on a server, on one machine and between two hosts.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    beyond_bench::helper::serve_if_invited().map_or_else(command::main, ipc_demo::report)
}
