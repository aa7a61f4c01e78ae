//! The shared conformance suite, over pipes.

use std::process::ExitCode;

use ipc_conformance::{Calls, Facts, Suite};
use ipc_core::ByteSink as _;
use ipc_pipe::Pipe;

fn main() -> ExitCode {
    let facts = Facts::of_path(Calls { send: 1, receive: 1 });
    Suite::of::<ipc_pipe::Variants>(env!("CARGO_BIN_EXE_ipc-pipe"))
        .variant::<Pipe>(facts, |link, garbage| {
            let _ = nix::unistd::write(link.sink().output(), garbage); // ignore a full pipe or a missing reader
        })
        .run()
}
