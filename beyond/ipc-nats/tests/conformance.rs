//! The shared conformance suite, over a queue on a server of its own.

use std::env;
use std::process::{Command, ExitCode};

use ipc_conformance::{Addresses, Calls, Declared, Facts, Suite};
use ipc_nats::{Connection, File, Link, Listed, Memory, Nats, ServerOptions, Variants, clean, list};

fn main() -> ExitCode {
    if env::var_os(ServerOptions::VARIABLE).is_some() {
        return suite();
    }
    // The suite starts many processes: they find the server by the environment. So it is a process of its own, too.
    let Some(server) = testserver::for_this_test() else { return ExitCode::SUCCESS };
    let options = ServerOptions::of(server.url());
    let program = env::current_exe().expect("/proc is mounted");
    let mut suite = Command::new(program);
    suite.args(env::args_os().skip(1)).envs(options.environment());
    let status = suite.status().expect("this program can be started again");
    // The cases look at what is left on this host. At the server, two sides that were both killed leave their streams, until
    // the next `create` or `clean`.
    let connection = Connection::open(&options).expect("the server is still there");
    let removed = clean(&connection).expect("the server lets us");
    eprintln!("left at the server by two killed sides, and removed: {removed:?}");
    let left = list(&connection).expect("the server tells");
    for Listed { stream, used, .. } in &left {
        eprintln!("left at the server: {stream}, used: {used:?}");
    }
    if status.success() && left.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
