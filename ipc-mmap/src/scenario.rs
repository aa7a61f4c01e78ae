//! The scenarios of the course: real processes that map a file, and claims that are checked.
//!
//! | file | contents |
//! |---|---|
//! | `scenario/object.rs` | the file of a scenario |
//! | `scenario/step.rs` | what a process can do with it, in words |
//! | `scenario/performer.rs`, `scenario/sys.rs` | and in system calls, loads and stores |
//! | `scenario/sharing.rs`, `scenario/ending.rs` | the scenarios |

mod ending;
mod object;
mod performer;
mod sharing;
mod step;
mod sys;

use ipc_demo::scenario::{self, Scenarios};

use object::FileOfScenario;
use step::{Flag, load, map, store};

/// A scenario of a mapped file, and what it works with.
type Scenario = scenario::Scenario<FileOfScenario>;

pub const SCENARIOS: Scenarios<FileOfScenario> = Scenarios {
    all: &[sharing::SHARED_AND_PRIVATE, ending::TRUNCATED, ending::KEPT_AFTER_KILL],
    false_claim: Scenario {
        name: "false-claim",
        claim: "A store into a private mapping reaches other processes.",
        run: |context| {
            let (mut writer, mut reader) = (context.process("writer", ())?, context.process("reader", ())?);
            writer.run(map(Flag::Private))?;
            reader.run(map(Flag::Shared))?;
            writer.run(store(0, "hello"))?;
            let reply = reader.run(load(0, 5))?;
            context.check(reply.text() == Some("hello"), "the reader sees what was stored")
        },
    },
};
