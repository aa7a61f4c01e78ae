//! `ipc-bench report`: saved results as a page of charts.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use ipc_core::{Error, Result};

pub fn command() -> Command {
    Command::new("report").about("Makes a page of charts from saved results")
}

pub fn execute(_matches: &ArgMatches) -> Result<ExitCode> {
    Err(Error::Usage("report: not there yet".into()))
}
