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
//! | `args.rs` | the options; `--variant` becomes a type here |
//! | `units.rs` | [`units`]: sizes, counts, times and rates as people write them |
//! | `narrator.rs`, `output.rs`, `save.rs` | what a run prints, and where |
//! | `interrupt.rs`, `silence.rs` | [`interrupt`]: Ctrl-C and `kill`; a peer that stops answering |

mod args;
pub mod cpus;
pub mod exchange;
pub mod helper_process;
pub mod interrupt;
mod meeting;
mod narrator;
mod output;
mod payload;
mod run;
mod save;
mod silence;
mod sys;
pub mod units;

use std::process::ExitCode;

use ipc_core::{Error, Mechanism, Result, Variants, Visitor, ring::guard};

use args::{Parsed, Subcommand};
pub use args::{command, refuse};
use helper_process::Invitation;
use narrator::Narrator;
pub use output::{has_input, has_reader, print, print_bytes};
pub use save::save;

/// The time for which an object must have been left alone to be called an orphan, unless the user says another: one that
/// was just made, or left for a process to come, is about to be used.
pub const MIN_ORPHAN_AGE: &str = "1h";

/// Exit status for an error of the user.
const USAGE: u8 = 2;

/// Runs the demo of a mechanism.
#[must_use]
pub fn main<V: Variants>() -> ExitCode {
    main_with::<V>("")
}

/// Runs the demo of a program that has more commands; `more_help` is added to `--help`, for those commands and their
/// exit status.
#[must_use]
pub fn main_with<V: Variants>(more_help: &str) -> ExitCode {
    let parsed = match Invitation::of_this_process() {
        Some(invitation) => args::invited::<V>(&invitation).map_err(|error| report(Err(error))),
        None => args::parse::<V>(more_help),
    };
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(status) => return status,
    };
    let ready = interrupt::clean_up_on_signals().and_then(|()| guard::install());
    report(ready.and_then(|()| {
        let mut chosen = Chosen { parsed: &parsed, result: None };
        V::visit(&mut chosen);
        chosen.result.expect("the name was found in the same list")
    }))
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

/// Turns a result into an exit status, and an error into one line on standard error.
#[must_use]
pub fn report(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            interrupt::let_the_signal_end_it();
            output::tell(&format!("error: {error}"));
            match error {
                Error::Usage(_) | Error::TooLarge { .. } => ExitCode::from(USAGE),
                _ => ExitCode::FAILURE,
            }
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
