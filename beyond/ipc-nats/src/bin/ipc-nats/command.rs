//! The commands, beside `ping` and `pong`.

mod beside;
mod clean;
mod client;
mod ls;
mod scenario;
mod serve;
mod server;

use std::process::ExitCode;

use clap::{FromArgMatches as _, Subcommand};
use ipc_core::Result;
use ipc_demo::{command_line, interrupt, report};
use ipc_nats::Variants;

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Client(client::ClientArgs),
    Ls(ls::LsArgs),
    Clean(clean::CleanArgs),
}

const EXIT_STATUS: &str = "Exit status: 0 done, 1 failed, 2 wrong usage.";

const EXAMPLES: &str = "\
Examples:
  nats-server -a 127.0.0.1 -js &
  ipc-nats pong, and in another terminal the command that it prints
  ipc-nats --variant file --json
  ipc-nats serve echo, and in another terminal: ipc-nats client echo hello
  ipc-nats scenario queue-full --beside msgq
  ipc-nats ls; ipc-nats clean";

/// Returns the whole command line.
fn whole() -> clap::Command {
    let demo = ipc_demo::command::<Variants>();
    let about = "Play ping-pong through a queue on a NATS server; serve clients; list and remove streams; run scenarios";
    let long_about = demo.get_long_about().map(ToString::to_string).unwrap_or_default();
    Command::augment_subcommands(demo)
        .subcommand(scenario::command())
        .about(about)
        .long_about(format!(
            "{about}.\n\n{long_about} The two may be on different hosts: what they share is the server."
        ))
        .after_help(EXIT_STATUS)
        .after_long_help(format!("{EXAMPLES}\n\n{EXIT_STATUS}"))
        .args(server::args())
        .mut_subcommands(|command| command.args(server::args()))
}

/// Reads the command line and executes it.
pub fn main() -> ExitCode {
    let matches = match command_line::parse(whole()) {
        Ok(matches) => matches,
        Err(status) => return status,
    };
    if let Err(error) = server::choose(&matches) {
        return report(Err(error));
    }
    if let Some(matches) = matches.subcommand_matches(scenario::NAME) {
        return scenario::run(matches);
    }
    match Command::from_arg_matches(&matches) {
        Ok(command) => report(interrupt::clean_up_on_signals().and_then(|()| run(command))),
        Err(_) => ipc_demo::run::<Variants>(&matches), // it is none of these
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Serve(serve) => serve.run(),
        Command::Client(client) => client.run(),
        Command::Ls(ls) => ls.run(),
        Command::Clean(clean) => clean.run(),
    }
}
