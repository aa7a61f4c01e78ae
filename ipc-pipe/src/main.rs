//! Ping-pong through two pipes, between a parent and its child.

use std::process::ExitCode;

fn main() -> ExitCode {
    ipc_demo::main::<ipc_pipe::Variants>()
}
