//! Ping-pong through System V shared memory, between any two processes; and what such memory lacks, in scenarios.

mod scenario;

use std::process::ExitCode;

fn main() -> ExitCode {
    ipc_demo::main_with_scenarios::<ipc_shm::Variants, _>(&scenario::SCENARIOS)
}
