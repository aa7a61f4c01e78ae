//! The shared conformance suite, over FIFOs.

use std::process::ExitCode;

use ipc_conformance::{Calls, Facts, Suite};
use ipc_core::{ByteSink, Mode};
use ipc_fifo::Fifo;

fn main() -> ExitCode {
    let facts = Facts::of_path(Calls { send: 1, receive: 1 });
    Suite::of::<ipc_fifo::Variants>(env!("CARGO_BIN_EXE_ipc-fifo"))
        .variant::<Fifo>(facts, |link, garbage| {
            let _ = link.sink().write(garbage, Mode::Block); // ignore a missing reader
        })
        .run()
}
