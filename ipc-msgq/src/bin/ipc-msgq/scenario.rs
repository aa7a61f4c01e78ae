//! The scenarios of the course: real processes, a timeline, and claims that are checked.

mod limits;
mod meeting;
mod object;
mod performer;
mod removing;
mod routing;
mod step;
mod waiting;

use ipc_demo::scenario::{self, Scenarios};

pub use object::CleanupGuard;
use object::QueueOfScenario;
use step::{Wanted::Any, msgrcv};

/// A scenario of the queue, and what it works with.
type Scenario = scenario::Scenario<QueueOfScenario>;
type Context = scenario::Context<QueueOfScenario>;
type Process = scenario::Process<QueueOfScenario>;

pub const SCENARIOS: Scenarios<QueueOfScenario> = Scenarios {
    all: &[
        waiting::BLOCKING,
        waiting::NONBLOCKING,
        routing::TWO_RECEIVERS,
        waiting::CRASH_AFTER_RECEIVE,
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
    ],
    false_claim: Scenario {
        name: "false-claim",
        claim: "An empty queue has a message.",
        run: |context| {
            let mut receiver = context.process("receiver", ())?;
            let reply = receiver.run(msgrcv(Any, 100).nowait())?;
            context.check(reply.text() == Some("a message"), "there was a message")
        },
    },
};
