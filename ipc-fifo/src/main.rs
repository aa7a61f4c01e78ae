//! Ping-pong through two FIFOs; and what a FIFO does, in scenarios.

mod scenario;

use std::process::ExitCode;

fn main() -> ExitCode {
    ipc_demo::main_with_scenarios::<ipc_fifo::Variants, _>(&scenario::SCENARIOS)
}
