//! The shared conformance suite, over pipes.

use std::process::ExitCode;

use ipc_core::conformance::Calls;
use ipc_pipe::Pipe;

fn main() -> ExitCode {
    ipc_core::conformance::main::<Pipe>(
        env!("CARGO_BIN_EXE_ipc-pipe"),
        |_| Calls { send: 1, receive: 1 },
        |link, garbage| {
            let _ = nix::unistd::write(link.stream().write_end(), garbage); // a full pipe or a gone reader: all one
        },
    )
}
