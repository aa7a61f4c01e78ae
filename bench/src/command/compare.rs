//! `ipc-bench compare`: what changed between two runs.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use ipc_core::{Error, Result};

pub fn command() -> Command {
    Command::new("compare").about("Says what changed between two saved runs, and with which confidence")
}

pub fn execute(_matches: &ArgMatches) -> Result<ExitCode> {
    Err(Error::Usage("compare: not there yet".into()))
}
