//! What all scenarios promise, checked of those on streams, at a server of its own.

use std::env;
use std::process::{Command, ExitCode};

use ipc_conformance::scenarios::{Cut, Scenarios};
use ipc_nats::{Connection, ServerOptions, list};

fn main() -> ExitCode {
    if env::var_os(ServerOptions::VARIABLE).is_some() {
        return scenarios();
    }
    // They start many processes, which find the server by the environment. So this is a process of its own, too.
    let Some(server) = testserver::for_this_test() else { return ExitCode::SUCCESS };
    let options = ServerOptions::of(server.url());
    let program = env::current_exe().expect("/proc is mounted");
    let status = Command::new(program).args(env::args_os().skip(1)).envs(options.environment()).status();
    let left = streams(&options);
    eprintln!("left at the server: {left:?}");
    let succeeded = status.expect("this program can be started again").success();
    if succeeded && left.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn scenarios() -> ExitCode {
    let scenarios = Scenarios {
        program: env!("CARGO_BIN_EXE_ipc-nats"),
        names: &[
            "blocking",
            "nonblocking",
            "two-receivers",
            "crash-after-receive",
            "route-by-type",
            "sender-first",
            "multi-client",
            "remove-too-early",
            "remove-safely",
            "same-key-same-queue",
            "too-long",
            "queue-full",
            "removed-while-waiting",
            "orphan",
        ],
    };
    // One process waits, and nothing else happens: its request would wait at the server.
    scenarios.test(Cut { name: "blocking", until: "200 ms pass", is_left })
}

/// Returns whether the stream of this timeline is left at the server.
fn is_left(timeline: &str) -> bool {
    let words = timeline.split(|c: char| !c.is_alphanumeric() && c != '-');
    let name = { words }.find(|word| word.starts_with("scene-")).expect("the stream is named first");
    streams(&ServerOptions::current()).iter().any(|stream| stream == name)
}

fn streams(options: &ServerOptions) -> Vec<String> {
    let connection = Connection::open(options).expect("the server is there");
    list(&connection).expect("the server tells").into_iter().map(|listed| listed.stream).collect()
}
