//! `ipc-bench completions`: what a shell needs to complete this command line.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;
use ipc_core::Result;

use super::print;

pub fn command() -> Command {
    Command::new("completions")
        .about("Prints a script that lets a shell complete this command line")
        .arg(Arg::new("shell").value_name("SHELL").required(true).value_parser(value_parser!(Shell)))
}

pub fn execute(matches: &ArgMatches) -> Result<ExitCode> {
    let shell = *matches.get_one::<Shell>("shell").expect("required");
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "ipc-bench", &mut script);
    print(&String::from_utf8_lossy(&script)).map(|()| ExitCode::SUCCESS)
}
