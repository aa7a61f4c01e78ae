//! The shared conformance suite, over a queue on a server of its own.

use std::env;
use std::process::{Command, ExitCode};

use ipc_conformance::{Addresses, Calls, Declared, Facts, Suite};
use ipc_nats::{File, Link, Memory, Nats, ServerOptions, Variants};

fn main() -> ExitCode {
    if env::var_os(ServerOptions::VARIABLE).is_some() {
        return suite();
    }
    // The suite starts many processes: they find the server by the environment. So it is a process of its own, too.
    let Some(server) = testserver::for_this_test() else { return ExitCode::SUCCESS };
    let program = env::current_exe().expect("/proc is mounted");
    let mut suite = Command::new(program);
    suite.args(env::args_os().skip(1)).envs(ServerOptions::of(server.url()).environment());
    let status = suite.status().expect("this program can be started again");
    if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What cannot hold for a queue behind a server.
const DECLARED: &[Declared] = &[
    Declared {
        case: "a message costs as many system calls as declared",
        reason: "a thread beside the caller talks to the server: the caller only wakes it, or waits for it",
    },
    Declared {
        case: "threads in the background share no descriptors",
        reason: "the connection is one descriptor for all threads, and none is closed to tell the peer of an end",
    },
    Declared {
        case: "an address in use is refused",
        reason: "it is, but not by a system call with EEXIST: the error says that the name is in use",
    },
];

/// The number of system calls of a message is not always the same, and never this.
const NO_NUMBER: Calls = Calls { send: usize::MAX, receive: usize::MAX };

fn suite() -> ExitCode {
    let facts =
        Facts { addresses: Addresses::Names, files: None, declared: DECLARED, ..Facts::of_path(NO_NUMBER) };
    Suite::of::<Variants>(env!("CARGO_BIN_EXE_ipc-nats"))
        .variant::<Nats<Memory>>(facts, Link::publish_nonsense)
        .variant::<Nats<File>>(facts, Link::publish_nonsense)
        .run()
}
