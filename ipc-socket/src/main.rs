//! Ping-pong through sockets.

use std::process::ExitCode;

fn main() -> ExitCode {
    ipc_demo::main::<ipc_socket::Variants>()
}
