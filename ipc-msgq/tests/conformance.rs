//! The shared conformance suite, over message queues of either kind.

use std::process::ExitCode;

use ipc_core::conformance::Calls;
use ipc_msgq::{Link, Message, Msgq};

/// A priority that no link uses.
const STRANGE: u32 = 7;

fn main() -> ExitCode {
    ipc_core::conformance::main::<Msgq>(
        env!("CARGO_BIN_EXE_ipc-msgq"),
        |_| Calls { send: 1, receive: 1 },
        |link, garbage| match link {
            // Full or removed: all one.
            Link::SystemV(link) => drop(link.queue().try_send(&Message::new(link.outbound(), garbage))),
            Link::Posix(link) => {
                // Any bytes are a message at the priority of data; what can be wrong is the priority.
                let priority = if garbage[0] % 2 == 0 { STRANGE } else { 0 };
                drop(link.outbound().try_send(garbage, priority));
            }
        },
    )
}
