//! The scenarios of the course: real processes that make calls on FIFOs, and claims that are checked.
//!
//! | file | contents |
//! |---|---|
//! | `scenario/object.rs` | the FIFOs of a scenario |
//! | `scenario/step.rs` | what a process can do with them, in words |
//! | `scenario/performer.rs` | and in system calls |
//! | `scenario/opening.rs`, `scenario/writing.rs` | the scenarios |

mod object;
mod opening;
mod performer;
mod step;
mod writing;

use ipc_demo::scenario::{self, Scenarios};

use object::Fifos;
use step::{End, open, read};

/// A scenario of FIFOs, and what it works with.
type Scenario = scenario::Scenario<Fifos>;
type Process = scenario::Process<Fifos>;

/// The FIFO that every scenario has.
const REQUESTS: &str = "requests";

pub const SCENARIOS: Scenarios<Fifos> = Scenarios {
    all: &[opening::OPEN_ORDER, opening::FALSE_END_OF_FILE, writing::TORN_WRITE],
    false_claim: Scenario {
        name: "false-claim",
        claim: "A reader sleeps after the only writer has left.",
        run: |context| {
            let (mut reader, mut writer) = (context.process("reader", ())?, context.process("writer", ())?);
            reader.start(open(REQUESTS, End::Read))?;
            reader.wait_until_asleep(1)?;
            writer.run(open(REQUESTS, End::Write))?;
            reader.finish()?;
            writer.exit()?;
            let reply = reader.run(read(100))?;
            context.check(reply.number() != Some(0), "it did not see the end of the file")
        },
    },
};
