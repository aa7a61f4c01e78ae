//! The harness: measures all six mechanisms, and says what the figures mean.

/// The command line: one file for each subcommand of `ipc-bench`. Without a subcommand it measures.
mod cli {
    mod arguments;
    mod ask;
    mod choose;
    mod clean;
    pub mod command;
    mod compare;
    mod doctor;
    mod history;
    mod list;
    mod printing;
    mod report;
    mod run;
    mod saved_run;
}

use std::process::ExitCode;

use ipc_core::ring::guard;

fn main() -> ExitCode {
    // For this process and for its children, which run this program too.
    if let Err(error) = guard::install() {
        return ipc_demo::report(Err(error));
    }
    ipc_bench::measure::child::serve_if_invited().unwrap_or_else(cli::command::main)
}
