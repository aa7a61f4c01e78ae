//! `ipc-bench clean`: removes the objects that dead processes left behind.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use ipc_bench::doctor::clean;
use ipc_core::Result;
use ipc_demo::units::{TIMES, parse_duration_or_zero};
use ipc_demo::{MIN_ORPHAN_AGE, print};

use super::arguments::one;

pub fn command() -> Command {
    Command::new("clean")
        .about("Remove what dead processes left, and nothing of live ones")
        .long_about(
            "Remove what dead processes left, and nothing of live ones.\n\nOnly objects that a process of this suite has \
             noted are removed. Others that no process seems to use are shown, each with the command that removes it.",
        )
        .arg(
            one("min-age", "TIME", "Show what was unused for so long: 24h")
                .long_help(format!("Show what has been unused for at least so long: {TIMES}."))
                .value_parser(parse_duration_or_zero)
                .default_value(MIN_ORPHAN_AGE),
        )
}

pub fn execute(matches: &ArgMatches) -> Result<ExitCode> {
    let cleaned = clean::clean(*matches.get_one("min-age").expect("it has a default"))?;
    print(&cleaned.story)?;
    if cleaned.left > 0 {
        eprintln!("error: not all could be removed: see above");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
