//! The forms of arguments that several subcommands use, and the width of their output.

use clap::{Arg, ArgAction};

/// Returns an option with a value.
pub fn one(name: &'static str, value: &'static str, help: impl Into<String>) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help.into()).allow_negative_numbers(true)
}

/// Returns an option with several values: a list with commas, or the option several times.
pub fn many(name: &'static str, value: &'static str, help: impl Into<String>) -> Arg {
    one(name, value, help).action(ArgAction::Append).value_delimiter(',')
}

/// Returns an option without a value.
pub fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// Returns the width of the terminal on which the output is read; `None` if it goes elsewhere.
pub fn width() -> Option<u16> {
    let terminal = console::Term::stdout();
    terminal.is_term().then(|| terminal.size_checked()).flatten().map(|(_, columns)| columns)
}
