//! `ipc-bench choose`: which mechanism to use.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use ipc_core::{Error, Result};

pub fn command() -> Command {
    Command::new("choose").about("Ranks the mechanisms for a purpose by what was measured here")
}

pub fn execute(_matches: &ArgMatches) -> Result<ExitCode> {
    Err(Error::Usage("choose: not there yet".into()))
}
