//! The command line: one file for each subcommand of `ipc-bench`. Without a subcommand it measures.
//!
//! Each file has a `command`, which defines its arguments, and an `execute`, which carries it out.

mod choose;
mod clean;
mod compare;
mod completions;
mod doctor;
mod list;
mod man;
mod report;
mod run;

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use ipc_core::Result;
use ipc_core::demo::{interrupt, print, refuse};

pub fn main() -> ExitCode {
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return refuse(&error),
    };
    dispatch(&matches).unwrap_or_else(|error| ipc_core::demo::report(Err(error)))
}

/// Returns the whole command line.
fn command() -> Command {
    run::with_arguments(Command::new("ipc-bench"))
        .version(env!("CARGO_PKG_VERSION"))
        .about("Measures six ways of inter-process communication side by side, between two real processes")
        .after_help(run::AFTER_HELP)
        .disable_help_subcommand(true)
        .args_conflicts_with_subcommands(true)
        .subcommands([
            run::command(),
            report::command(),
            compare::command(),
            choose::command(),
            list::command(),
            clean::command(),
            doctor::command(),
            completions::command(),
            man::command(),
        ])
}

fn dispatch(matches: &ArgMatches) -> Result<ExitCode> {
    let (word, arguments) = matches.subcommand().unwrap_or(("run", matches));
    if !matches!(word, "run" | "choose") {
        interrupt::clean_up_on_signals()?; // a run has partial results to save
    }
    match word {
        "report" => report::execute(arguments),
        "compare" => compare::execute(arguments),
        "choose" => choose::execute(arguments),
        "list" => list::execute(arguments),
        "clean" => clean::execute(arguments),
        "doctor" => doctor::execute(arguments),
        "completions" => completions::execute(arguments),
        "man" => man::execute(arguments),
        _ => run::execute(arguments),
    }
}

/// Returns an option with a value.
fn one(name: &'static str, value: &'static str, help: impl Into<String>) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help.into()).allow_negative_numbers(true)
}

/// Returns an option with a value that can be given several times.
fn many(name: &'static str, value: &'static str, help: impl Into<String>) -> Arg {
    one(name, value, help).action(ArgAction::Append)
}

/// Returns an option without a value.
fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// Returns the width of the terminal on which the output is read; `None` if it goes elsewhere.
fn width() -> Option<u16> {
    let terminal = console::Term::stdout();
    terminal.is_term().then(|| terminal.size_checked()).flatten().map(|(_, columns)| columns)
}
