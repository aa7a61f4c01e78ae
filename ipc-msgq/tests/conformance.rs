//! The shared conformance suite, over message queues.

use std::process::ExitCode;

use ipc_msgq::{Message, Msgq};

fn main() -> ExitCode {
    ipc_core::conformance::main::<Msgq>(env!("CARGO_BIN_EXE_ipc-msgq"), |link, garbage| {
        let _ = link.queue().try_send(&Message::new(link.outbound(), garbage)); // full or removed: all one
    })
}
