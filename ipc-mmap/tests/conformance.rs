//! The shared conformance suite, over a mapped file.

use std::process::ExitCode;

use ipc_core::conformance::{Calls, scribble};
use ipc_mmap::Mmap;

fn main() -> ExitCode {
    ipc_core::conformance::main::<Mmap>(
        env!("CARGO_BIN_EXE_ipc-mmap"),
        |_| Calls { send: 0, receive: 0 },
        |link, garbage| {
            // The first two pages steer: places, positions, bells, and the first record.
            scribble(link.memory(), usize::from(garbage[0]) * 16, garbage);
        },
    )
}
