//! Ping-pong through one System V message queue, between any two processes.

use std::process::ExitCode;

fn main() -> ExitCode {
    ipc_core::demo::main::<ipc_msgq::Msgq>()
}
