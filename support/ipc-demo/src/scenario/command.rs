//! The command `scenario`.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use ipc_core::Result;

use super::context::Context;
use super::object::KernelObject;
#[cfg(feature = "step")]
use super::step;
use super::timeline::paragraph;
use super::{Failure, Scenario, Scenarios, guard, performer};
use crate::helper_process::Invitation;
use crate::output::{print, tell};
use crate::{interrupt, report};

/// The name of the command.
pub const NAME: &str = "scenario";

/// The name of a scenario, as an argument; and its id.
const SCENARIO: &str = "name";

/// Returns the command, for a program's command line.
#[must_use]
pub fn command<O: KernelObject>(scenarios: &Scenarios<O>) -> Command {
    let names = scenarios.all.iter().map(|scenario| scenario.name);
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new(NAME)
        .about("Run a scenario of the course, and check each claim")
        .long_about(
            "Run a scenario of the course, and check each claim.\n\nIt shows what real processes do, on a timeline. Each \
             call names the line of the scenario that has it made.",
        )
        .after_help(format!(
            "Exit status 1 if the {} behaves differently. No {} is left behind, even after Ctrl-C.",
            O::KEEPER,
            O::NAME
        ))
        .arg(
            Arg::new(SCENARIO)
                .value_name("NAME")
                .help("The scenario to run")
                .value_parser(PossibleValuesParser::new(names))
                .hide_possible_values(true),
        )
        .arg(flag("list").help("List the scenarios"))
        .arg(flag("json").help("Print all events as one JSON document").conflicts_with("list"))
        .arg(
            flag("step")
                .help("Show it on the whole terminal, event by event")
                .conflicts_with_all(["list", "json"]),
        )
        .group(ArgGroup::new("what").args([SCENARIO, "list"]).required(true))
}

/// Executes the command.
#[must_use]
pub fn run<O: KernelObject>(scenarios: &Scenarios<O>, matches: &ArgMatches) -> ExitCode {
    let Some(name) = matches.get_one::<String>(SCENARIO) else { return report(list(scenarios.all)) };
    let mut all = scenarios.all.iter();
    let scenario = all.find(|scenario| scenario.name == name).expect("clap has checked the name");
    let form = match () {
        () if matches.get_flag("json") => Form::Json,
        #[cfg(feature = "step")]
        () if matches.get_flag("step") => Form::Step,
        #[cfg(not(feature = "step"))]
        () if matches.get_flag("step") => return report(Err(without_step(O::MECHANISM, name))),
        () => Form::Text,
    };
    play(scenario, form)
}

/// Runs a helper process of a scenario, if this process is one.
#[must_use]
pub fn serve_if_invited<O: KernelObject>(scenarios: &Scenarios<O>) -> Option<ExitCode> {
    let invitation = Invitation::of_this_process()?;
    match &*invitation.role {
        performer::ROLE => Some(report(performer::run::<O::Performer>(&invitation))),
        guard::ROLE => Some(report(guard::run::<O::Remains>())),
        role if role == scenarios.false_claim.name => {
            let is_json = invitation.argument::<Option<String>>().ok().flatten().is_some();
            Some(play(&scenarios.false_claim, if is_json { Form::Json } else { Form::Text }))
        }
        _ => None,
    }
}

#[cfg(not(feature = "step"))]
fn without_step(mechanism: &str, scenario: &str) -> ipc_core::Error {
    ipc_core::Error::Usage(format!(
        "--step was left out of this program, which takes less time to build without it: cargo run -p ipc-{mechanism} \
         --features step -- scenario {scenario} --step"
    ))
}

fn list<O: KernelObject>(scenarios: &[Scenario<O>]) -> Result<()> {
    scenarios
        .iter()
        .try_for_each(|scenario| print(&paragraph(scenario.claim, &format!("{:<22} ", scenario.name))))
}

/// How a run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A line for each event, as it happens.
    Text,
    /// One document at the end.
    Json,
    /// A view on the whole terminal after the end.
    #[cfg(feature = "step")]
    Step,
}

fn play<O: KernelObject>(scenario: &Scenario<O>, form: Form) -> ExitCode {
    match prepare(form).and_then(|()| play_as(scenario, form)) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(how)) => {
            tell(&format!("error: the {} behaved differently: {how}", O::KEEPER));
            ExitCode::FAILURE
        }
        Err(error) => report(Err(error)),
    }
}

/// Gets ready for signals, and checks that the run can be shown.
fn prepare(form: Form) -> Result<()> {
    match form {
        #[cfg(feature = "step")]
        Form::Step => step::check_terminal().and_then(|()| step::heed_signals()),
        Form::Text | Form::Json => interrupt::clean_up_on_signals(),
    }
}

/// Runs a scenario; returns what did not hold.
fn play_as<O: KernelObject>(scenario: &Scenario<O>, form: Form) -> Result<Option<String>> {
    if form == Form::Text {
        print(&paragraph(scenario.claim, &format!("{}: ", scenario.name)))?;
    }
    let mut context = Context::new(form == Form::Text)?;
    let result = (scenario.run)(&mut context);
    let failed = match result {
        Ok(()) => None,
        Err(Failure::ClaimFailed(how)) => Some(how),
        Err(Failure::Error(error)) => return Err(error),
    };
    let document = context.document(scenario, failed.is_none());
    drop(context); // the object is removed before the end is reported
    match form {
        Form::Text if failed.is_none() => print("All checks passed.\n")?,
        Form::Text => {}
        #[cfg(feature = "step")]
        Form::Step => step::show(&document)?,
        Form::Json => {
            let json = serde_json::to_string_pretty(&document).expect("plain data");
            print(&(json + "\n"))?;
        }
    }
    Ok(failed)
}
