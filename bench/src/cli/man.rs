//! `ipc-bench man`: the manual pages.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};
use ipc_bench::results::units::alternatives;
use ipc_core::{Call, Error, Result};
use ipc_demo::print;

pub fn command() -> Command {
    Command::new("man").about("Print a manual page: ipc-bench man | man -l -").arg(
        Arg::new("command")
            .value_name("COMMAND")
            .help("Print the page of this command (default: of ipc-bench)"),
    )
}

pub fn execute(matches: &ArgMatches, mut all: Command) -> Result<ExitCode> {
    all.build(); // so that each subcommand knows its full name
    let command = match matches.get_one::<String>("command") {
        None => all,
        Some(name) => {
            let found = all.find_subcommand(name).cloned();
            let found = found.ok_or_else(|| {
                let names: Vec<_> = all.get_subcommands().map(Command::get_name).collect();
                Error::Usage(format!("invalid command '{name}': expected {}", alternatives(&names)))
            })?;
            let name = format!("ipc-bench-{name}");
            found.name(name)
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).call("write")?;
    print(&String::from_utf8_lossy(&page)).map(|()| ExitCode::SUCCESS)
}
