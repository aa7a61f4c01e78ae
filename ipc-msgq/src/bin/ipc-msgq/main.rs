//! Ping-pong through a message queue, between any two processes, and the commands that an operator needs for queues.

mod command;
mod scenario;

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args_os().nth(1) {
        Some(word) if command::is_known(&word) => command::main(),
        _ => ipc_demo::main_with::<ipc_msgq::Variants>(&command::help()),
    }
}
