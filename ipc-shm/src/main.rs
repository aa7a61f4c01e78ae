//! Ping-pong through System V shared memory, between any two processes.

use std::process::ExitCode;

fn main() -> ExitCode {
    ipc_demo::main::<ipc_shm::Variants>()
}
