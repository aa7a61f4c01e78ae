//! The scenarios of the course: real processes that make calls on sockets, and claims that are checked.
//!
//! | file | contents |
//! |---|---|
//! | `scenario/object.rs` | the sockets of a scenario, and the directory of their paths |
//! | `scenario/queues.rs` | what waits in the sockets of the processes |
//! | `scenario/step.rs`, `scenario/words.rs` | what a process can do with its sockets and files, and in which words |
//! | `scenario/performer.rs`, `scenario/sys.rs` | and in system calls |
//! | `scenario/meeting.rs`, `scenario/talking.rs`, `scenario/parting.rs` | the scenarios |

mod meeting;
mod object;
mod parting;
mod performer;
mod queues;
mod step;
mod sys;
mod talking;
mod words;

use ipc_demo::scenario::{self, Scenarios};

use meeting::join;
use object::Sockets;
use step::{Kind, recv, send};

/// A scenario of sockets, and what it works with.
type Scenario = scenario::Scenario<Sockets>;
type Context = scenario::Context<Sockets>;
type Process = scenario::Process<Sockets>;

pub const SCENARIOS: Scenarios<Sockets> = Scenarios {
    all: &[
        meeting::BACKLOG,
        meeting::STALE_PATH,
        talking::BOUNDARIES,
        talking::PASS_A_DESCRIPTOR,
        parting::HALF_CLOSE,
        parting::RESET,
    ],
    false_claim: Scenario {
        name: "false-claim",
        claim: "A stream keeps two messages apart.",
        run: |context| {
            let (mut sender, mut receiver) =
                (context.process("sender", ())?, context.process("receiver", ())?);
            join(context, &mut sender, &mut receiver, Kind::Stream, "stream")?;
            sender.run(send("stream", "one"))?;
            sender.run(send("stream", "two"))?;
            let reply = receiver.run(recv("stream", 100))?;
            context.check(reply.text() == Some("one"), "the first recv returns the first message")
        },
    },
};
