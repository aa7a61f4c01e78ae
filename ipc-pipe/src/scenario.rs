//! The scenarios of the course: real processes that make calls on a pipe, and claims that are checked.
//!
//! | file | contents |
//! |---|---|
//! | `scenario/object.rs` | the pipes of a scenario, and the ends that each process inherits |
//! | `scenario/step.rs` | what a process can do with its ends, in words |
//! | `scenario/performer.rs` | and in system calls |
//! | `scenario/ends.rs`, `scenario/bytes.rs` | the scenarios |

mod bytes;
mod ends;
mod object;
mod performer;
mod step;

use ipc_demo::scenario::{self, Scenarios};

use object::{Pipes, READER, WRITER};
use step::{read, write};

/// A scenario of pipes, and what it works with.
type Scenario = scenario::Scenario<Pipes>;
type Context = scenario::Context<Pipes>;
type Process = scenario::Process<Pipes>;

pub const SCENARIOS: Scenarios<Pipes> = Scenarios {
    all: &[bytes::TWO_FULL, ends::FORGOTTEN_END, ends::BROKEN_PIPE, bytes::BOUNDARIES_LOST],
    false_claim: Scenario {
        name: "false-claim",
        claim: "A pipe keeps two writes apart.",
        run: |context| {
            let (mut writer, mut reader) =
                (context.process("writer", WRITER)?, context.process("reader", READER)?);
            writer.run(write("one"))?;
            writer.run(write("two"))?;
            let reply = reader.run(read(100))?;
            context.check(reply.text() == Some("one"), "the first read returns the first write")
        },
    },
};
