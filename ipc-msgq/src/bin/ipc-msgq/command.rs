//! The operator's commands: those of `ipcs -q`, `ipcmk -Q` and `ipcrm`, and more.

mod client;
mod completions;
mod create;
mod form;
mod limits;
mod ls;
mod name;
mod peek;
mod recv;
mod rm;
mod send;
mod serve;
mod set;
mod stat;
mod text;
mod timeout;
pub mod users;
mod watch;

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use ipc_core::{Error, Result};
use ipc_demo::{interrupt, refuse, report};
use nix::errno::Errno;

use crate::scenario;

/// Lists, uses, changes and removes System V message queues
#[derive(Debug, Parser)]
#[command(name = "ipc-msgq", version, disable_help_subcommand = true, after_help = AFTER_HELP)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "A queue is named by its id or its key, as `ls` shows them, or by FILE:PROJECT (ftok).\n\
                          Exit status: 0 done, 1 failed, 2 wrong usage, 3 nothing to receive (recv --nowait, --timeout).";

#[derive(Debug, Subcommand)]
enum Command {
    Ls(ls::LsArgs),
    Create(create::CreateArgs),
    Send(send::SendArgs),
    Recv(recv::RecvArgs),
    Peek(peek::PeekArgs),
    Stat(stat::StatArgs),
    Set(set::SetArgs),
    Rm(rm::RmArgs),
    Watch(watch::WatchArgs),
    Limits(limits::LimitsArgs),
    Serve(serve::ServeArgs),
    Client(client::ClientArgs),
    Scenario(scenario::ScenarioArgs),
    Completions(completions::CompletionsArgs),
}

impl Command {
    /// Returns whether the command may take long, so that a signal must end it, even as process 1 of a container, to
    /// which the default actions do not apply.
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

/// The status of a command that ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Done,
    /// Some of the requests failed, and the errors were printed.
    Failed,
    /// There was no message, and the command did not wait for one, or the time ran out.
    Nothing,
}

impl Status {
    fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Nothing => 3, // 2 is wrong usage
        })
    }
}

/// Returns whether `word` is one of the operator's commands. All other words belong to the demo.
pub fn is_known(word: &OsStr) -> bool {
    CommandLine::command().get_subcommands().any(|command| word == command.get_name())
}

/// Returns the part of the demo's help about these commands and the exit status.
pub fn help() -> String {
    let mut help = "\nCommands for operators (each has its own --help):\n".to_owned();
    for command in CommandLine::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(help, "  {:<12}{about}", command.get_name()); // writing to a String cannot fail
    }
    format!("{help}\n{AFTER_HELP}")
}

/// Reads the command line and executes it.
pub fn main() -> ExitCode {
    let command = match CommandLine::try_parse() {
        Ok(line) => line.command,
        Err(error) => return refuse(&error),
    };
    let waits = command.may_wait().then(interrupt::clean_up_on_signals).transpose();
    match waits.and_then(|_| run(command)) {
        Ok(status) => status.code(),
        // `watch | head`: a reader that has closed the pipe needs no error message.
        Err(Error::Os(error))
            if (error.call, error.errno) == ("write", Errno::EPIPE) && error.advice.is_none() =>
        {
            ExitCode::FAILURE
        }
        Err(error) => report(Err(error)),
    }
}

fn run(command: Command) -> Result<Status> {
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
    }
}
