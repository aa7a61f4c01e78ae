//! `completions`: the script with which a shell completes the command line.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use clap_complete::{Shell, generate};
use ipc_core::Result;

use crate::output::print;

pub(super) const NAME: &str = "completions";

pub(super) fn command() -> Command {
    Command::new(NAME)
        .about("Print the completion script of a shell")
        .after_long_help(
            "Examples, with PROGRAM for this one:\n  \
             source <(PROGRAM completions bash)\n  \
             PROGRAM completions zsh >DIRECTORY/_PROGRAM   # DIRECTORY is one of $fpath\n  \
             PROGRAM completions fish | source",
        )
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .help("The shell that reads the script")
                .required(true)
                .value_parser(PossibleValuesParser::new(["bash", "zsh", "fish"])),
        )
}

pub(super) fn run(mut whole: Command, arguments: &ArgMatches) -> Result<()> {
    let shell = match arguments.get_one::<String>("shell").map(String::as_str) {
        Some("zsh") => Shell::Zsh,
        Some("fish") => Shell::Fish,
        _ => Shell::Bash,
    };
    let name = whole.get_name().to_owned();
    // Into memory first: writing there cannot fail, but writing to a pipe can.
    let mut script = Vec::new();
    generate(shell, &mut whole, &name, &mut script);
    // For bash, clap_complete spells a name with a hyphen in two ways, and then completes no option of a command.
    let script =
        String::from_utf8_lossy(&script).replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__"));
    print(&script)
}
