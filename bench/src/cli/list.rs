//! `ipc-bench list`: the course's table.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use ipc_bench::present::course;
use ipc_core::Result;
use ipc_demo::print;

use super::arguments::{flag, width};

pub fn command() -> Command {
    Command::new("list")
        .about("Prints the table of the six: who talks to whom, through what")
        .arg(flag("json", "As one JSON document"))
        .arg(flag("markdown", "In Markdown, as the course has it").conflicts_with("json"))
}

pub fn execute(matches: &ArgMatches) -> Result<ExitCode> {
    let text = if matches.get_flag("json") {
        format!("{:#}\n", course::json())
    } else if matches.get_flag("markdown") {
        format!("{}\n", course::markdown())
    } else {
        format!("{}\n", course::text(width()))
    };
    print(&text).map(|()| ExitCode::SUCCESS)
}
