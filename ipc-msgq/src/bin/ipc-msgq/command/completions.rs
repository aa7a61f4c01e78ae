//! `completions`: completion with the Tab key in a shell.

use clap::{Args, Command, CommandFactory as _};
use clap_complete::{Shell, generate};
use ipc_core::Result;
use ipc_demo::print;
use ipc_msgq::Variants;

use super::{CommandLine, Status};
use crate::scenario::listed_only;

/// Prints a script that completes these commands in a shell
#[derive(Args, Debug)]
#[command(after_help = "For bash: source <(ipc-msgq completions bash)\n\
    For zsh:  ipc-msgq completions zsh >DIRECTORY/_ipc-msgq, where DIRECTORY is one of $fpath\n\
    For fish: ipc-msgq completions fish | source")]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

impl CompletionsArgs {
    pub fn run(self) -> Result<Status> {
        let demo = ipc_demo::command::<Variants>();
        let options: Vec<_> = demo.get_arguments().map(|option| option.clone().global(false)).collect();
        let sides = demo.get_subcommands().filter(|side| !side.is_hide_set());
        let known = CommandLine::command();
        // A shell would offer even a hidden command.
        let shown = known.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
        let mut command = Command::new("ipc-msgq")
            .version(env!("CARGO_PKG_VERSION"))
            .disable_help_subcommand(true)
            .args(&options);
        command = command.subcommands(shown).subcommands(sides.map(|side| side.clone().args(&options)));
        command = command.mut_subcommand("scenario", listed_only);
        // Written to memory first: that cannot fail, but writing to a pipe can.
        let mut script = Vec::new();
        generate(self.shell, &mut command, "ipc-msgq", &mut script);
        // For bash, clap_complete spells a name with a hyphen in two ways, and then completes no option of a command.
        print(&String::from_utf8_lossy(&script).replace("ipc__subcmd__msgq", "ipc__msgq"))?;
        Ok(Status::Done)
    }
}
