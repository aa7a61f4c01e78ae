//! Ping-pong through sockets; and what sockets do, in scenarios.

mod scenario;

use std::process::ExitCode;

fn main() -> ExitCode {
    ipc_demo::main_with_scenarios::<ipc_socket::Variants, _>(&scenario::SCENARIOS)
}
