//! The operator's commands: what `ipcs -q`, `ipcmk -Q` and `ipcrm` do, and what they do not.

mod client;
mod completions;
mod create;
mod form;
mod limits;
mod ls;
mod name;
mod patience;
mod peek;
mod recv;
mod rm;
mod send;
mod serve;
mod set;
mod stat;
mod text;
pub mod users;
mod watch;

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use ipc_core::demo::{interrupt, refuse, report};
use ipc_core::{Error, Result};
use nix::errno::Errno;

use crate::scenario;

/// Looks at System V message queues, uses them, changes and removes them
#[derive(Debug, Parser)]
#[command(name = "ipc-msgq", version, disable_help_subcommand = true, after_help = AFTER_HELP)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "A queue is named by --id N, by --key K (decimal or 0x…), or by --path FILE --project ID (ftok).\n\
                          Exit status: 0 done, 1 failed, 2 wrong usage, 3 nothing to receive (recv --nowait, --timeout).";

#[derive(Debug, Subcommand)]
enum Command {
    Ls(ls::Ls),
    Create(create::Create),
    Send(send::Send),
    Recv(recv::Recv),
    Peek(peek::Peek),
    Stat(stat::Stat),
    Set(set::Set),
    Rm(rm::Rm),
    Watch(watch::Watch),
    Limits(limits::Limits),
    Serve(serve::Serve),
    Client(client::Client),
    Scenario(scenario::Scenario),
    Completions(completions::Completions),
    #[command(hide = true)]
    Actor(scenario::Actor),
}

impl Command {
    /// Whether it may take long, so that a signal should end it: also as process 1 of a container, to which the default
    /// actions do not apply. An actor goes with the pipe to its scene.
    const fn may_wait(&self) -> bool {
        matches!(
            self,
            Self::Send(_)
                | Self::Recv(_)
                | Self::Rm(_)
                | Self::Watch(_)
                | Self::Serve(_)
                | Self::Client(_)
                | Self::Scenario(_)
        )
    }
}

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Some of what was asked for failed, and was told.
    Failed,
    /// There was no message, and waiting for one was not asked for, or the time was over.
    Nothing,
}

impl Outcome {
    fn status(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Nothing => 3, // 2 is wrong usage
        })
    }
}

/// Whether `word` is one of the operator's commands. All else is the demo's.
pub fn is_known(word: &OsStr) -> bool {
    CommandLine::command().get_subcommands().any(|command| word == command.get_name())
}

/// What the help of the demo says of these commands, and of the exit status.
pub fn help() -> String {
    let mut help = "\nFor operators (each with --help of its own):\n".to_owned();
    for command in CommandLine::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(help, "  {:<12}{about}", command.get_name()); // a String takes everything
    }
    format!("{help}\n{AFTER_HELP}")
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let command = match CommandLine::try_parse() {
        Ok(line) => line.command,
        Err(error) => return refuse(&error),
    };
    let waits = command.may_wait().then(interrupt::clean_up_on_signals).transpose();
    match waits.and_then(|_| run(command)) {
        Ok(outcome) => outcome.status(),
        // `watch | head`: who has read enough wants no more, of an error message either.
        Err(Error::Os(error))
            if (error.call, error.errno) == ("write", Errno::EPIPE) && error.advice.is_none() =>
        {
            ExitCode::FAILURE
        }
        Err(error) => report(Err(error)),
    }
}

fn run(command: Command) -> Result<Outcome> {
    match command {
        Command::Ls(ls) => ls.run(),
        Command::Create(create) => create.run(),
        Command::Send(send) => send.run(),
        Command::Recv(recv) => recv.run(),
        Command::Peek(peek) => peek.run(),
        Command::Stat(stat) => stat.run(),
        Command::Set(set) => set.run(),
        Command::Rm(rm) => rm.run(),
        Command::Watch(watch) => watch.run(),
        Command::Limits(limits) => limits.run(),
        Command::Serve(serve) => serve.run(),
        Command::Client(client) => client.run(),
        Command::Scenario(scenario) => scenario.run(),
        Command::Completions(completions) => completions.run(),
        Command::Actor(actor) => actor.run(),
    }
}
