//! A process of a scenario: a helper process that executes steps and replies to each.

use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::os::unix::process::parent_id;
use std::process::Command;
use std::time::Instant;

use ipc_core::{Call as _, Result};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::object::{Invited, Performer, Step};
use super::reply::Reply;
use crate::helper_process::{self, Control, HelperProcess, Invitation};
use crate::sys;

/// The role of the process.
pub(super) const ROLE: &str = "performer";

/// What it is told at its start.
#[derive(Serialize, Deserialize)]
struct Argument<T> {
    start: T,
    descriptors: Vec<RawFd>,
    /// The process of the scenario.
    parent: u32,
}

/// Starts the process, which inherits the descriptors of the invitation; here they are closed.
pub(super) fn spawn<T: Serialize>(invited: Invited<T>) -> Result<(HelperProcess, Control)> {
    let Invited { start, descriptors } = invited;
    for descriptor in &descriptors {
        fcntl(descriptor, FcntlArg::F_SETFD(FdFlag::empty())).call("fcntl")?;
    }
    let numbers = descriptors.iter().map(OwnedFd::as_raw_fd).collect();
    let argument = Argument { start, descriptors: numbers, parent: std::process::id() };
    let command: Command = helper_process::command(ROLE, &argument)?;
    HelperProcess::spawn_controlled(command)
}

/// Runs the process.
pub(super) fn run<P: Performer>(invitation: &Invitation) -> Result<()> {
    // It may sleep in a call from which nothing would wake it once the scenario's process is dead.
    set_pdeathsig(Signal::SIGKILL).call("prctl")?;
    // A scenario may have it end by a signal of which the kernel would leave a core file.
    let (_, most) = getrlimit(Resource::RLIMIT_CORE).call("getrlimit")?;
    setrlimit(Resource::RLIMIT_CORE, 0, most).call("setrlimit")?;
    let Argument { start, descriptors, parent } = invitation.argument::<Argument<P::Start>>()?;
    if parent_id() != parent {
        return Ok(()); // dead before it could be asked for a signal: none will come
    }
    let performer = P::enter(start, sys::inherited(&descriptors).call("fcntl")?)?;
    match execute_all(performer) {
        Err(error) if error.errno() == Some(Errno::EPIPE) => Ok(()), // dead before it has read the reply
        executed => executed,
    }
}

/// Executes steps until no more come.
fn execute_all<P: Performer>(mut performer: P) -> Result<()> {
    for step in Invitation::orders::<P::Step>() {
        let step = step?;
        let started = Instant::now();
        let result = match performer.perform(step) {
            Ok(value) => Ok(value),
            Err(error) => Err(P::failure(&error).ok_or(error)?),
        };
        Invitation::answer(&Reply { took: started.elapsed(), result })?;
    }
    Ok(())
}

/// Describes the reply to a step.
pub(super) fn outcome(step: &impl Step, reply: &Reply) -> String {
    match &reply.result {
        Ok(value) => step.outcome(value),
        Err(errno) => step.failure(errno),
    }
}
