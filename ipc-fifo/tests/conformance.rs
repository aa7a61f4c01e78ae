//! The shared conformance suite, over FIFOs.

use std::process::ExitCode;

use ipc_core::conformance::Calls;
use ipc_core::{ByteStream, Mode};
use ipc_fifo::Fifo;

fn main() -> ExitCode {
    ipc_core::conformance::main::<Fifo>(
        env!("CARGO_BIN_EXE_ipc-fifo"),
        |_| Calls { send: 1, receive: 1 },
        |link, garbage| {
            let _ = link.stream().write(garbage, Mode::Block); // a reader who has gone: all one
        },
    )
}
