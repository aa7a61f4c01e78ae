//! The scenarios of the course: real processes, a timeline, and claims that are checked.

mod context;
mod limits;
mod meeting;
mod narration;
mod removing;
mod reply;
mod routing;
mod waiting;
mod worker;
mod worker_process;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Command};
use ipc_core::Result;
use ipc_demo::print;

use crate::command::Status;
use context::{Context, Failure, ScenarioResult, paragraph};

pub use context::CleanupGuard;
pub use worker_process::{WORKER, run as run_worker};

/// A scenario.
struct Scenario {
    name: &'static str,
    /// The fact that it demonstrates, as a sentence.
    claim: &'static str,
    run: fn(&mut Context) -> ScenarioResult,
}

const SCENARIOS: [Scenario; 18] = [
    waiting::BLOCKING,
    waiting::NONBLOCKING,
    routing::TWO_RECEIVERS,
    routing::ROUTE_BY_TYPE,
    meeting::SENDER_FIRST,
    meeting::MULTI_CLIENT,
    removing::REMOVE_TOO_EARLY,
    removing::REMOVE_SAFELY,
    meeting::SAME_KEY_SAME_QUEUE,
    limits::SIZE_EXCLUDES_TYPE,
    routing::SELECT_ORDER,
    limits::TOO_LONG,
    limits::QUEUE_FULL,
    limits::FULL_BOTH_WAYS,
    waiting::REMOVED_WHILE_WAITING,
    waiting::INTERRUPTED,
    removing::ORPHAN,
    FALSE_CLAIM,
];

/// A scenario that is not listed, for the test that a false claim ends with an error.
const FALSE_CLAIM: Scenario = Scenario {
    name: "false-claim",
    claim: "An empty queue has a message.",
    run: |context| {
        let mut receiver = context.worker("receiver")?;
        let reply = receiver.run("try-recv any 100")?;
        context.check(reply.text() == Some("a message"), "there was a message")
    },
};

/// Runs a scenario with real processes, shows what happens, and checks each claim
#[derive(Args, Debug)]
#[command(
    after_help = "Exit status 1 if the kernel behaves differently. No queue is left behind, even after Ctrl-C."
)]
#[group(required = true, multiple = false)]
pub struct ScenarioArgs {
    /// The scenario to run
    #[arg(value_parser = PossibleValuesParser::new(names()), hide_possible_values = true)]
    name: Option<String>,
    /// List the scenarios
    #[arg(long)]
    list: bool,
}

impl ScenarioArgs {
    pub fn run(self) -> Result<Status> {
        match self.name {
            Some(name) => run(&name),
            None => list().map(|()| Status::Done),
        }
    }
}

/// Returns the names, for the error message about an unknown scenario.
fn names() -> impl Iterator<Item = PossibleValue> {
    SCENARIOS.iter().map(|scenario| PossibleValue::new(scenario.name).hide(scenario.name == FALSE_CLAIM.name))
}

/// Limits the shell's completion to the listed scenarios: it would offer the hidden one, too.
pub fn listed_only(scenario: Command) -> Command {
    let shown = names().filter(|name| !name.is_hide_set());
    scenario.mut_arg("name", |name| {
        name.value_parser(PossibleValuesParser::new(shown)).hide_possible_values(false)
    })
}

fn list() -> Result<()> {
    let mut listed = SCENARIOS.iter().filter(|scenario| scenario.name != FALSE_CLAIM.name);
    listed.try_for_each(|scenario| print(&paragraph(scenario.claim, &format!("{:<22} ", scenario.name))))
}

fn run(name: &str) -> Result<Status> {
    let scenario =
        SCENARIOS.iter().find(|scenario| scenario.name == name).expect("clap has checked the name");
    print(&paragraph(scenario.claim, &format!("{}: ", scenario.name)))?;
    let mut context = Context::new()?;
    let result = (scenario.run)(&mut context);
    context.close();
    match result {
        Ok(()) => print("All checks passed.\n").map(|()| Status::Done),
        Err(Failure::Error(error)) => Err(error),
        Err(Failure::ClaimFailed(how)) => {
            eprintln!("error: the kernel behaved differently: {how}");
            Ok(Status::Failed)
        }
    }
}
