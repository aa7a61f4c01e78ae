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

use std::process::ExitCode;

use clap::Args;
use clap::builder::PossibleValuesParser;
use ipc_core::Result;
use ipc_demo::helper_process::Invitation;
use ipc_demo::{print, report};

use crate::command::Status;
use context::{Context, Failure, ScenarioResult, paragraph};

pub use context::CleanupGuard;
use worker_process::WORKER;

/// A scenario.
struct Scenario {
    name: &'static str,
    /// The fact that it demonstrates, as a sentence.
    claim: &'static str,
    run: fn(&mut Context) -> ScenarioResult,
}

const SCENARIOS: [Scenario; 17] = [
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
];

/// A scenario that no user can run, for the test that a false claim ends with an error.
const FALSE_CLAIM: Scenario = Scenario {
    name: "false-claim",
    claim: "An empty queue has a message.",
    run: |context| {
        let mut receiver = context.worker("receiver")?;
        let reply = receiver.run("try-recv any 100")?;
        context.check(reply.text() == Some("a message"), "there was a message")
    },
};

/// Run a scenario of the course, and check each claim
///
/// It shows what real processes do, on a timeline. Each call names the line of the scenario that has it made.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit status 1 if the kernel behaves differently. No queue is left behind, even after Ctrl-C."
)]
#[group(required = true, multiple = false)]
pub struct ScenarioArgs {
    /// The scenario to run
    #[arg(value_parser = PossibleValuesParser::new(SCENARIOS.map(|scenario| scenario.name)), hide_possible_values = true)]
    name: Option<String>,
    /// List the scenarios
    #[arg(long)]
    list: bool,
}

impl ScenarioArgs {
    pub fn run(self) -> Result<Status> {
        match self.name {
            Some(name) => {
                let mut all = SCENARIOS.iter();
                run(all.find(|scenario| scenario.name == name).expect("clap has checked the name"))
            }
            None => list().map(|()| Status::Done),
        }
    }
}

fn list() -> Result<()> {
    SCENARIOS
        .iter()
        .try_for_each(|scenario| print(&paragraph(scenario.claim, &format!("{:<22} ", scenario.name))))
}

fn run(scenario: &Scenario) -> Result<Status> {
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

/// Returns whether a helper process with this role is one of a scenario.
pub fn is_role(role: &str) -> bool {
    role == WORKER || role == FALSE_CLAIM.name
}

/// Runs a helper process.
pub fn run_role(invitation: &Invitation) -> ExitCode {
    if invitation.role == WORKER {
        return report(worker_process::run(invitation));
    }
    run(&FALSE_CLAIM).map_or_else(|error| report(Err(error)), Status::code)
}
