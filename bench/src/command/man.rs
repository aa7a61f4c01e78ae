//! `ipc-bench man`: the manual page.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use ipc_core::{Call, Result};

use super::print;

pub fn command() -> Command {
    Command::new("man").about("Prints the manual page: ipc-bench man | man -l -")
}

pub fn execute(_matches: &ArgMatches) -> Result<ExitCode> {
    let mut page = Vec::new();
    clap_mangen::Man::new(super::command()).render(&mut page).call("write")?;
    print(&String::from_utf8_lossy(&page)).map(|()| ExitCode::SUCCESS)
}
