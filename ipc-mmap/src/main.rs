//! Ping-pong through a mapped file, between any two processes; and what a mapped file does, in scenarios.

mod scenario;

use std::process::ExitCode;

fn main() -> ExitCode {
    ipc_demo::main_with_scenarios::<ipc_mmap::Variants, _>(&scenario::SCENARIOS)
}
