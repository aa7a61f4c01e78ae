//! Scenes: real processes that make system calls on one kernel object, a timeline of what happens, and claims that are
//! checked.
//!
//! A scenario reads like the story that it tells. It starts processes, has each make one call after the other, and checks
//! what came of it; nothing is simulated:
//!
//! ```text
//! let (mut reader, mut writer) = (context.process("reader", READ)?, context.process("writer", WRITE)?);
//! reader.start(read(100))?;
//! reader.wait_until_asleep(1)?;
//! writer.run(write("hello"))?;
//! let reply = reader.finish()?;
//! context.check(reply.text() == Some("hello"), "the bytes woke it")
//! ```
//!
//! A mechanism provides four things, and its scenarios: the [`KernelObject`], its [`Step`]s in words, a [`Performer`] that
//! executes them in a process of its own, and what the [`Guard`] has to remove.
//!
//! | file | contents |
//! |---|---|
//! | `object.rs` | the four things that a mechanism provides |
//! | `context.rs`, `process.rs`, `reply.rs` | what a scenario works with: the checks, the processes, their replies |
//! | `performer.rs`, `guard.rs` | the other processes: those of the scenario, and one that cleans up |
//! | `play.rs`, `event.rs` | the record of a run: each event, with the state of the object after it |
//! | `directory.rs` | a place for objects that are files |
//! | `pipe_buffer.rs` | a look into a pipe or a FIFO, for the state of these objects |
//! | `timeline.rs` | a run as text |
//! | `step.rs`, `step/` | the same on the whole terminal, event by event (the feature `step`) |
//! | `command.rs` | the command `scenario` |

mod command;
mod context;
mod directory;
mod event;
mod guard;
mod object;
mod performer;
mod pipe_buffer;
mod play;
mod process;
mod reply;
#[cfg(feature = "step")]
mod step;
mod timeline;

use ipc_core::Error;

pub use command::{NAME, command, run, serve_if_invited};
pub use context::{Context, PAUSE, STEP_TIMEOUT};
pub use directory::{Directory, DirectoryOfScenario};
pub use event::{Call, Readers, State};
pub use guard::{Guard, NothingRemains, Remains};
pub use object::{Invited, KernelObject, Performer, Step};
pub use pipe_buffer::PipeBuffer;
pub use process::{Ended, Process};
pub use reply::{Reply, Value};
pub use timeline::{quoted, shortened};

pub use crate::sys::bytes_to_read;

/// A scenario.
#[derive(Debug)]
pub struct Scenario<O: KernelObject> {
    /// The word by which `scenario` runs it.
    pub name: &'static str,
    /// The fact that it demonstrates, as a sentence.
    pub claim: &'static str,
    /// The story.
    pub run: fn(&mut Context<O>) -> ScenarioResult,
}

/// The scenarios of a mechanism.
#[derive(Debug)]
pub struct Scenarios<O: KernelObject> {
    /// Those that a user can run.
    pub all: &'static [Scenario<O>],
    /// One that no user can run: its claim is false, and a test sees it fail.
    pub false_claim: Scenario<O>,
}

/// The result of a scenario.
pub type ScenarioResult = std::result::Result<(), Failure>;

/// The reason for the failure of a scenario.
#[derive(Debug)]
pub enum Failure {
    /// The kernel did not behave as claimed.
    ClaimFailed(String),
    /// The scenario could not be run.
    Error(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}
