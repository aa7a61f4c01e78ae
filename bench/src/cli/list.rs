//! `ipc-bench list`: the course's table.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use ipc_bench::present::course;
use ipc_core::Result;
use ipc_demo::print;

use super::arguments::{flag, width};

/// The width where there is no terminal: that of the one on which the output will be read, as it usually is. Programs read
/// the JSON.
const NARROW: u16 = 80;

pub fn command() -> Command {
    Command::new("list")
        .about("Print the table of the six mechanisms and their variants")
        .arg(flag("json", "Print one JSON document"))
        .arg(flag("markdown", "Print Markdown, as in the course").conflicts_with("json"))
}

pub fn execute(matches: &ArgMatches) -> Result<ExitCode> {
    let text = if matches.get_flag("json") {
        format!("{:#}\n", course::json())
    } else if matches.get_flag("markdown") {
        format!("{}\n", course::markdown())
    } else {
        format!("{}\n", course::text(width().or(Some(NARROW))))
    };
    print(&text).map(|()| ExitCode::SUCCESS)
}
