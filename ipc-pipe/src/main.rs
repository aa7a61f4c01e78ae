//! Ping-pong through two pipes, between a parent and its child; and what a pipe does, in scenarios.

mod scenario;

use std::process::ExitCode;

fn main() -> ExitCode {
    ipc_demo::main_with_scenarios::<ipc_pipe::Variants, _>(&scenario::SCENARIOS)
}
