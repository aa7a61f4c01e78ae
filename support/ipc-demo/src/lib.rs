//! The demo of each mechanism: the ping-pong between two processes, and one command line for all six.
//!
//! ```text
//! ipc-NAME                  both sides: spawns its own peer process, runs the exchange, prints the result
//! ipc-NAME pong [ADDRESS]   one side, in one terminal
//! ipc-NAME ping [ADDRESS]   the other side, in another terminal
//! ```
//!
//! Results go to standard output, the narration to standard error. Exit status: 0 done, 1 failed, 2 wrong usage.
//!
//! | file | contents |
//! |---|---|
//! | `exchange.rs`, `exchange/`, `payload.rs` | [`exchange`]: the ping-pong itself, and what it measures |
//! | `run.rs` | the three ways to run a demo: both sides, ping, pong |
//! | `helper_process.rs`, `cpus.rs` | [`helper_process`], [`cpus`]: the second process, and the CPUs that the two run on |
//! | `args.rs`, `args/` | the options; `--variant` becomes a type here |
//! | `command_line.rs`, `command_line/` | [`command_line`]: help, errors of usage, completions and manual pages, for all programs |
//! | `units.rs` | [`units`]: sizes, counts, times and rates as people write them |
//! | `scenario.rs`, `scenario/`, `system_call.rs` | [`scenario`]: scenes played by real processes; who sleeps in which call |
//! | `narrator.rs`, `progress.rs`, `output.rs`, `save.rs` | what a run prints, and where |
//! | `interrupt.rs`, `silence.rs` | [`interrupt`]: Ctrl-C and `kill`; a peer that stops answering |

mod args;
pub mod command_line;
pub mod cpus;
pub mod exchange;
pub mod helper_process;
pub mod interrupt;
mod meeting;
mod narrator;
mod output;
mod payload;
mod progress;
mod run;
mod save;
pub mod scenario;
mod silence;
mod sys;
pub mod system_call;
pub mod units;

use std::env;
use std::process::ExitCode;

use clap::ArgMatches;
use ipc_core::{Error, Mechanism, Result, Variants, Visitor, ring::guard};

pub use args::command;
use args::{Parsed, Subcommand};
use helper_process::Invitation;
use narrator::Narrator;
pub use output::{has_input, has_reader, print, print_bytes};
pub use save::save;
use scenario::{KernelObject, Scenarios};

/// The time for which an object must have been left alone to be called an orphan, unless the user says another: one that
/// was just made, or left for a process to come, is about to be used.
pub const MIN_ORPHAN_AGE: &str = "1h";

/// Exit status for an error of the user.
const USAGE: u8 = 2;

/// Runs the demo of a mechanism.
#[must_use]
pub fn main<V: Variants>() -> ExitCode {
    if let Some(status) = serve_if_invited::<V>() {
        return status;
    }
    if let Err(error) = args::check_command::<V>(env::args_os().nth(1).as_deref()) {
        return report(Err(error));
    }
    match command_line::parse(command::<V>()) {
        Ok(matches) => run::<V>(&matches),
        Err(status) => status,
    }
}

/// Does the same for a mechanism that has scenarios.
#[must_use]
pub fn main_with_scenarios<V: Variants, O: KernelObject>(scenarios: &Scenarios<O>) -> ExitCode {
    if let Some(status) = scenario::serve_if_invited(scenarios).or_else(serve_if_invited::<V>) {
        return status;
    }
    if let Err(error) = args::check_command::<V>(env::args_os().nth(1).as_deref()) {
        return report(Err(error));
    }
    match command_line::parse(command::<V>().subcommand(scenario::command(scenarios))) {
        Ok(matches) => match matches.subcommand_matches(scenario::NAME) {
            Some(matches) => scenario::run(scenarios, matches),
            None => run::<V>(&matches),
        },
        Err(status) => status,
    }
}

/// Runs the other side of a demo, if this process was started by one as its child.
#[must_use]
pub fn serve_if_invited<V: Variants>() -> Option<ExitCode> {
    let invitation = Invitation::of_this_process()?;
    Some(report(args::invited::<V>(&invitation).and_then(|parsed| run_parsed::<V>(&parsed))))
}

/// Runs a demo as its command line says.
#[must_use]
pub fn run<V: Variants>(matches: &ArgMatches) -> ExitCode {
    report(args::understand::<V>(matches).and_then(|parsed| run_parsed::<V>(&parsed)))
}

fn run_parsed<V: Variants>(parsed: &Parsed) -> Result<()> {
    interrupt::clean_up_on_signals().and_then(|()| guard::install())?;
    let mut chosen = Chosen { parsed, result: None };
    V::visit(&mut chosen);
    chosen.result.expect("the name was found in the same list")
}

/// Runs the variant that was chosen by name.
struct Chosen<'a> {
    parsed: &'a Parsed,
    result: Option<Result<()>>,
}

impl Visitor for Chosen<'_> {
    fn variant<M: Mechanism + 'static>(&mut self) {
        if M::VARIANT.name == self.parsed.variant {
            self.result = Some(dispatch::<M>(self.parsed));
        }
    }
}

/// Turns a result into an exit status, and an error into one line on standard error. An error of usage ends with the
/// command that tells what would be right.
#[must_use]
pub fn report(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // As with `| head -1`: the reader has enough, and needs no explanation.
        Err(error) if output::is_unread(&error) => ExitCode::FAILURE,
        Err(error) => {
            interrupt::let_the_signal_end_it();
            let is_usage = matches!(error, Error::Usage(_) | Error::TooLarge { .. });
            let hint = if is_usage { command_line::hint() } else { String::new() };
            output::tell(&format!("error: {error}{hint}"));
            if is_usage { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
        }
    }
}

fn dispatch<M: Mechanism>(parsed: &Parsed) -> Result<()> {
    let narrator = Narrator::new::<M>(parsed);
    match &parsed.subcommand {
        Subcommand::Both => run::both::<M>(parsed, &narrator),
        Subcommand::Pong { address } => run::pong::<M>(parsed, address.as_deref(), &narrator),
        Subcommand::Ping { address } => run::ping::<M>(parsed, address.as_deref(), &narrator),
        Subcommand::Invited { address } => run::invited::<M>(parsed, address),
    }
}
