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
//! | `command/scenario.rs` | 2 | `scenario`: the engine is in `support/ipc-demo/src/scenario/` |
//! | `command/beside.rs` | 3 | `scenario NAME --beside msgq` |
//! | `scenario.rs` | 2 | the list of scenarios, and of those without a counterpart |
//! | `scenario/object.rs` | 4 | the stream, and the process that removes it |
//! | `scenario/look.rs` | 3 | what can be seen of it |
//! | `scenario/step.rs` | 3 | what a process can do, in words |
//! | `scenario/performer.rs` | 4 | and in the client's terms |
//! | `scenario/refusal.rs` | 2 | how it fails |
//! | `scenario/waiting.rs` | 2 | receiving with and without waiting |
//! | `scenario/acknowledging.rs` | 1 | a receiver that crashes |
//! | `scenario/routing.rs` | 2 | the receiver that gets a message |
//! | `scenario/meeting.rs` | 2 | several processes at one server |
//! | `scenario/limits.rs` | 2 | messages that fit a stream, and messages that do not |
//! | `scenario/removing.rs` | 2 | the end of a stream |

mod command;
mod scenario;

use std::process::ExitCode;

use ipc_demo::scenario::serve_if_invited;

fn main() -> ExitCode {
    serve_if_invited(&scenario::SCENARIOS)
        .or_else(ipc_demo::serve_if_invited::<ipc_nats::Variants>)
        .unwrap_or_else(command::main)
}
