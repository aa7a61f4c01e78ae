//! `ipc-bench completions`: the script with which a shell completes this command line.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use clap_complete::Shell;
use ipc_core::Result;
use ipc_demo::print;

pub fn command() -> Command {
    Command::new("completions")
        .about("Print a completion script for a shell")
        .after_help("For example: source <(ipc-bench completions bash)")
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .help("The shell that reads the script")
                .required(true)
                .value_parser(PossibleValuesParser::new(["bash", "zsh", "fish"])),
        )
}

pub fn execute(matches: &ArgMatches, mut whole: Command) -> Result<ExitCode> {
    let shell = match matches.get_one::<String>("shell").expect("required").as_str() {
        "zsh" => Shell::Zsh,
        "fish" => Shell::Fish,
        _ => Shell::Bash,
    };
    // Into memory first: writing there cannot fail, but writing to a pipe can.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut whole, "ipc-bench", &mut script);
    // For bash, clap_complete spells a name with a hyphen in two ways, and then completes no option of a subcommand.
    let script = String::from_utf8_lossy(&script).replace("ipc__subcmd__bench", "ipc__bench");
    print(&script).map(|()| ExitCode::SUCCESS)
}
