//! `scenario`: the command of the engine, and what is added to it here.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use ipc_core::{Error, Result};
use ipc_demo::{print, report, scenario};
use ipc_nats::{Connection, ServerOptions};

use super::beside;
use crate::scenario::{SCENARIOS, WITHOUT_COUNTERPART};

pub use ipc_demo::scenario::NAME;

/// The id of the engine's argument.
const SCENARIO: &str = "name";
const BESIDE: &str = "beside";

/// Returns the command: that of the engine, with the scenarios that have no counterpart here, and `--beside`.
pub fn command() -> Command {
    let names = SCENARIOS.all.iter().map(|scenario| scenario.name);
    let all = names.chain(WITHOUT_COUNTERPART.map(|(name, _)| name));
    scenario::command(&SCENARIOS)
        .mut_arg(SCENARIO, |name| name.value_parser(PossibleValuesParser::new(all)))
        .arg(
            Arg::new(BESIDE)
                .long(BESIDE)
                .value_name("PROGRAM")
                .value_parser(["msgq"])
                .requires(SCENARIO)
                .conflicts_with_all(["list", "json", "step"])
                .help("Play the scenario of the same name on a System V queue, too")
                .long_help(format!(
                    "Play the scenario of the same name on a System V queue, too, and show both: side by side if the \
                     terminal has {} columns. The program ipc-msgq is looked for beside this one, in the folder `target` of \
                     the repository, and in PATH; the environment variable {} names another.",
                    beside::WIDTH,
                    beside::VARIABLE
                )),
        )
}

/// Executes the command.
pub fn run(matches: &ArgMatches) -> ExitCode {
    let Some(name) = matches.get_one::<String>(SCENARIO) else {
        let listed = scenario::run(&SCENARIOS, matches);
        return if listed == ExitCode::SUCCESS { report(list_without_counterpart()) } else { listed };
    };
    if let Some((name, why)) = WITHOUT_COUNTERPART.iter().find(|(other, _)| other == name) {
        return report(Err(Error::Usage(format!("{name} has no counterpart on a stream: {why}"))));
    }
    if let Err(error) = Connection::open(&ServerOptions::current()) {
        return report(Err(error)); // before anything is printed
    }
    if matches.get_one::<String>(BESIDE).is_some() {
        return beside::play(name).unwrap_or_else(|error| report(Err(error)));
    }
    scenario::run(&SCENARIOS, matches)
}

fn list_without_counterpart() -> Result<()> {
    print("\n  Only on a System V queue; `ipc-nats scenario NAME` says why:\n")?;
    WITHOUT_COUNTERPART.iter().try_for_each(|(name, _)| print(&format!("  {name}\n")))
}
