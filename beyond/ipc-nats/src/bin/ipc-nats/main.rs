//! Ping-pong through a queue on a NATS server, and the commands that an operator needs for its streams.
//!
//! | file | minutes | what it is |
//! |---|---|---|
//! | `main.rs` | 1 | the peer of a ping-pong, or the command line |
//! | `command.rs` | 3 | the list of commands |
//! | `command/server.rs` | 2 | `--server`, `--credentials`, `--ca` |
//! | `command/serve.rs` | 2 | `serve`: answers many clients |
//! | `command/client.rs` | 2 | `client` |
//! | `command/ls.rs` | 2 | `ls` |
//! | `command/clean.rs` | 1 | `clean` |

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    ipc_demo::serve_if_invited::<ipc_nats::Variants>().unwrap_or_else(command::main)
}
