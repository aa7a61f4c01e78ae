//! `ipc-bench doctor`: reports disturbances of measurements on this machine.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use ipc_bench::doctor::examine;
use ipc_core::Result;
use ipc_demo::print;

use super::arguments::flag;

pub fn command() -> Command {
    Command::new("doctor")
        .about("Report what disturbs measurements on this machine, and what to do about it")
        .arg(flag("json", "Print one JSON document"))
}

pub fn execute(matches: &ArgMatches) -> Result<ExitCode> {
    let findings = examine::examine()?;
    let text = if matches.get_flag("json") {
        format!("{}\n", serde_json::to_string_pretty(&findings).expect("plain data"))
    } else {
        examine::text(&findings)
    };
    print(&text).map(|()| ExitCode::SUCCESS)
}
