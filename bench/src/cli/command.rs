//! The whole command line. The file of each subcommand has a `command`, which defines its arguments, and an `execute`,
//! which carries it out.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use ipc_core::Result;
use ipc_demo::{command_line, interrupt};

use super::{choose, clean, compare, doctor, history, list, report, run};

pub fn main() -> ExitCode {
    let matches = match command_line::parse(command()) {
        Ok(matches) => matches,
        Err(status) => return status,
    };
    dispatch(&matches).unwrap_or_else(|error| ipc_demo::report(Err(error)))
}

/// Returns the whole command line.
fn command() -> Command {
    run::with_arguments(Command::new("ipc-bench"))
        .version(env!("CARGO_PKG_VERSION"))
        .about(
            "Measure six mechanisms of inter-process communication side by side, between two real processes",
        )
        .args_conflicts_with_subcommands(true)
        .subcommands([
            run::command(),
            history::history_command(),
            history::show_command(),
            history::prune_command(),
            report::command(),
            compare::command(),
            choose::command(),
            list::command(),
            clean::command(),
            doctor::command(),
        ])
}

fn dispatch(matches: &ArgMatches) -> Result<ExitCode> {
    let (word, arguments) = matches.subcommand().unwrap_or(("run", matches));
    if !matches!(word, "run" | "choose") {
        interrupt::clean_up_on_signals()?; // a run has partial results to save
    }
    match word {
        "history" => history::list(arguments),
        "show" => history::show(arguments),
        "prune" => history::prune(arguments),
        "report" => report::execute(arguments),
        "compare" => compare::execute(arguments),
        "choose" => choose::execute(arguments),
        "list" => list::execute(arguments),
        "clean" => clean::execute(arguments),
        "doctor" => doctor::execute(arguments),
        _ => run::execute(arguments),
    }
}
