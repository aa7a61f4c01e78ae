//! Ping-pong through two FIFOs.

use std::process::ExitCode;

fn main() -> ExitCode {
    ipc_demo::main::<ipc_fifo::Variants>()
}
