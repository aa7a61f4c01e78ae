//! `man`: the manual pages.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use clap_mangen::Man;
use ipc_core::{Call, Result};

use crate::output::print;

pub(super) const NAME: &str = "man";

/// Returns the command, for a program with these others.
pub(super) fn command(others: impl Iterator<Item = String>) -> Command {
    let pages = others.chain([NAME.to_owned()]);
    Command::new(NAME)
        .about("Print a manual page: pipe it to `man -l -`")
        .after_long_help("For example, with PROGRAM for this one: PROGRAM man | man -l -")
        .arg(
            Arg::new("command")
                .value_name("COMMAND")
                .help("Print the page of this command, not that of the whole program")
                .hide_possible_values(true)
                .value_parser(PossibleValuesParser::new(pages.collect::<Vec<_>>())),
        )
}

pub(super) fn run(mut whole: Command, arguments: &ArgMatches) -> Result<()> {
    whole.build(); // so that each command knows its full name
    let page = match arguments.get_one::<String>("command").and_then(|name| whole.find_subcommand(name)) {
        None => whole,
        Some(command) => command.clone().name(format!("{}-{}", whole.get_name(), command.get_name())),
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text).call("write")?;
    print(&String::from_utf8_lossy(&text))
}
