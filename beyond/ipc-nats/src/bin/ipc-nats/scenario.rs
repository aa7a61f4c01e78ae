//! The scenarios of the course, on a stream: real processes, a timeline, and claims that are checked. Each has the name of
//! its counterpart on a System V queue.

mod acknowledging;
mod limits;
mod look;
mod meeting;
mod object;
mod performer;
mod refusal;
mod removing;
mod routing;
mod step;
mod waiting;

use ipc_demo::scenario::{self, Reply, Scenarios};

use object::StreamOfScenario;

/// A scenario on a stream, and what it works with.
type Scenario = scenario::Scenario<StreamOfScenario>;
type Context = scenario::Context<StreamOfScenario>;
type Process = scenario::Process<StreamOfScenario>;

pub const SCENARIOS: Scenarios<StreamOfScenario> = Scenarios {
    all: &[
        waiting::BLOCKING,
        waiting::NONBLOCKING,
        routing::TWO_RECEIVERS,
        acknowledging::CRASH_AFTER_RECEIVE,
        routing::ROUTE_BY_TYPE,
        meeting::SENDER_FIRST,
        meeting::MULTI_CLIENT,
        removing::REMOVE_TOO_EARLY,
        removing::REMOVE_SAFELY,
        meeting::SAME_KEY_SAME_QUEUE,
        limits::TOO_LONG,
        limits::QUEUE_FULL,
        waiting::REMOVED_WHILE_WAITING,
        removing::ORPHAN,
    ],
    false_claim: Scenario {
        name: "false-claim",
        claim: "An empty stream has a message.",
        run: |context| {
            let (mut receiver, _publisher) =
                (context.process("receiver", ())?, context.process("publisher", ())?);
            let reply = receiver.run(step::fetch())?;
            context.check(reply.text() == Some("a message"), "there was a message")
        },
    },
};

/// The scenarios of the System V queue that have no counterpart here, and why.
pub const WITHOUT_COUNTERPART: [(&str, &str); 4] = [
    (
        "select-order",
        "a consumer chooses by a pattern of subjects, set when it is made: neither 'the lowest type' nor 'all but one' is \
         such a pattern, and no single receive chooses otherwise",
    ),
    (
        "size-excludes-type",
        "publish takes subject and text apart, and the client counts: there is no struct whose size could be given wrongly",
    ),
    (
        "full-both-ways",
        "a publisher does not sleep on a full stream, so two of them cannot wait for each other in it",
    ),
    (
        "interrupted",
        "a receive is no system call: a signal ends the system calls of the client, which makes them again, unseen",
    ),
];

/// Returns whether the step failed, and how it failed begins with this.
fn is_refused(reply: &Reply, beginning: &str) -> bool {
    reply.result.as_ref().is_err_and(|how| how.starts_with(beginning))
}
