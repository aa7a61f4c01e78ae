//! Ping-pong through a mapped file, between any two processes.

use std::process::ExitCode;

fn main() -> ExitCode {
    ipc_demo::main::<ipc_mmap::Variants>()
}
