//! `ipc-bench clean`: removes the objects that dead processes left behind.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use ipc_bench::doctor::clean;
use ipc_core::Result;
use ipc_demo::print;

pub fn command() -> Command {
    Command::new("clean").about("Remove objects that dead processes left, and never those of live ones")
}

pub fn execute(_matches: &ArgMatches) -> Result<ExitCode> {
    let cleaned = clean::clean()?;
    print(&cleaned.story)?;
    if cleaned.left > 0 {
        eprintln!("error: not all could be removed: see above");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
