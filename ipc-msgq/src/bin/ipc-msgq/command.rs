//! The operator's commands: those of `ipcs -q`, `ipcmk -Q` and `ipcrm`, and more.

mod client;
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

use std::process::ExitCode;

use clap::{FromArgMatches as _, Subcommand};
use ipc_core::Result;
use ipc_demo::{command_line, interrupt, report, scenario};
use ipc_msgq::Variants;

use crate::scenario::SCENARIOS;

/// The exit status of a command, for the help.
const EXIT_STATUS: &str =
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 nothing to receive (recv --nowait, --timeout).";

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
}

impl Command {
    /// Returns whether the command may take long, so that a signal must end it, even as process 1 of a container, to
    /// which the default actions do not apply.
    const fn may_wait(&self) -> bool {
        matches!(
            self,
            Self::Send(_) | Self::Recv(_) | Self::Rm(_) | Self::Watch(_) | Self::Serve(_) | Self::Client(_)
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
    pub fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Nothing => 3, // 2 is wrong usage
        })
    }
}

/// Returns the whole command line: that of the ping-pong, and the operator's commands.
fn whole() -> clap::Command {
    let demo = ipc_demo::command::<Variants>();
    let about = "Play ping-pong through a message queue; list, use and remove queues";
    let long_about = demo.get_long_about().map(ToString::to_string).unwrap_or_default();
    Command::augment_subcommands(demo)
        .subcommand(scenario::command(&SCENARIOS))
        .about(about)
        .long_about(format!(
            "{about}.\n\n{long_about} All other commands are about the queues of this system."
        ))
        .after_help(EXIT_STATUS)
        .after_long_help(format!("{EXAMPLES}\n\n{EXIT_STATUS}"))
}

const EXAMPLES: &str = "\
Examples:
  ipc-msgq pong, and in another terminal the command that it prints
  Q=$(ipc-msgq create); ipc-msgq send $Q hello; ipc-msgq recv $Q
  ipc-msgq ls; ipc-msgq rm --orphans --dry-run
  ipc-msgq scenario blocking";

/// Reads the command line and executes it.
pub fn main() -> ExitCode {
    let matches = match command_line::parse(whole()) {
        Ok(matches) => matches,
        Err(status) => return status,
    };
    if let Some(matches) = matches.subcommand_matches(scenario::NAME) {
        return scenario::run(&SCENARIOS, matches);
    }
    if !matches.subcommand_name().is_some_and(Command::has_subcommand) {
        return ipc_demo::run::<Variants>(&matches);
    }
    let command = Command::from_arg_matches(&matches).expect("the same definition has parsed it");
    let waits = command.may_wait().then(interrupt::clean_up_on_signals).transpose();
    match waits.and_then(|_| run(command)) {
        Ok(status) => status.code(),
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
    }
}
