//! Ping-pong through a message queue, between any two processes, and the commands that an operator needs for queues.
//!
//! | part, file | minutes | what it is |
//! |---|---|---|
//! | **1. The command line** | **14** | |
//! | `main.rs` | 3 | chooses between the ping-pong and the commands |
//! | `command.rs` | 3 | the list of commands |
//! | `command/name.rs` | 3 | the name of a queue: id, key or `FILE:PROJECT` |
//! | `command/timeout.rs` | 1 | `--nowait`, `--timeout` |
//! | `command/text.rs` | 3 | formatting |
//! | **2. Messages** | **12** | |
//! | `command/create.rs` | 2 | `create` |
//! | `command/send.rs` | 3 | `send` |
//! | `command/recv.rs` | 5 | `recv` |
//! | `command/form.rs` | 1 | `--lines`, `--hex` |
//! | `command/peek.rs` | 2 | `peek` |
//! | **3. Queues** | **10** | |
//! | `command/ls.rs` | 3 | `ls` |
//! | `command/watch.rs` | 2 | `watch` |
//! | `command/stat.rs` | 2 | `stat` |
//! | `command/set.rs` | 2 | `set` |
//! | `command/limits.rs` | 1 | `limits` |
//! | **4. The users of a queue** | **11** | |
//! | `command/users.rs` | 7 | which processes use a queue, from `/proc` |
//! | `command/rm.rs` | 4 | `rm`, also of the queues that no process uses |
//! | **5. A server in the shell** | **4** | |
//! | `command/serve.rs` | 2 | `serve` |
//! | `command/client.rs` | 1 | `client` |
//! | **6. Scenarios** (the engine is in `support/ipc-demo/src/scenario/`) | **11** | |
//! | `scenario.rs` | 1 | the list of scenarios |
//! | `scenario/object.rs` | 4 | the queue, and the process that removes it |
//! | `scenario/step.rs` | 3 | what a process can do with a queue, in words |
//! | `scenario/performer.rs` | 3 | and in system calls |
//! | **7. What they show** | **14** | |
//! | `scenario/waiting.rs` | 2 | waiting calls, and the events that end them |
//! | `scenario/routing.rs` | 3 | the receiver that gets a message |
//! | `scenario/meeting.rs` | 2 | several processes on one queue |
//! | `scenario/limits.rs` | 3 | messages that fit a queue, and messages that do not |
//! | `scenario/removing.rs` | 3 | the end of a queue |

mod command;
mod scenario;

use std::process::ExitCode;

use ipc_demo::scenario::serve_if_invited;

fn main() -> ExitCode {
    serve_if_invited(&scenario::SCENARIOS)
        .or_else(ipc_demo::serve_if_invited::<ipc_msgq::Variants>)
        .unwrap_or_else(command::main)
}
