//! Ping-pong through a queue on a NATS server.

use std::process::ExitCode;

fn main() -> ExitCode {
    ipc_demo::main::<ipc_nats::Variants>()
}
