//! The process that cleans up after a scenario.

use std::marker::PhantomData;
use std::os::unix::process::CommandExt as _;

use ipc_core::{Error, Result};
use nix::errno::Errno;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::context::STEP_TIMEOUT;
use crate::helper_process::{self, Control, HelperProcess, Invitation};

/// The role of the process.
pub(super) const ROLE: &str = "guard";

/// The exact identity of a kernel object that outlives its processes.
pub trait Remains: Serialize + DeserializeOwned {
    /// Removes it, if it is there and still the same one. Reports nothing: no process is left to read that.
    fn remove(self);
}

/// What remains of an object that ends with the last process that holds it: a pipe.
#[derive(Debug, Serialize, Deserialize)]
pub enum NothingRemains {}

impl Remains for NothingRemains {
    fn remove(self) {
        match self {}
    }
}

/// Another process, which removes the objects when this one has ended, however it ends: then the pipe between the two is
/// closed. Dropping this does the same, and waits for it.
///
/// Process 1 of a container takes the guard with it when it ends. So the objects are noted by an
/// [ownership lock](ipc_core::ownership::OwnershipLock), too, where the mechanism has one.
#[derive(Debug)]
pub struct Guard<R> {
    process: HelperProcess,
    control: Control,
    guarded: PhantomData<fn(R)>,
}

impl<R: Remains> Guard<R> {
    /// Starts the process, which guards nothing yet.
    ///
    /// # Errors
    /// The process cannot be started.
    pub fn start() -> Result<Self> {
        let mut command = helper_process::command(ROLE, &())?;
        command.process_group(0); // Ctrl-C does not reach it
        let (process, control) = HelperProcess::spawn_controlled(command)?;
        Ok(Self { process, control, guarded: PhantomData })
    }

    /// Tells the guard of an object, and waits until it knows.
    ///
    /// # Errors
    /// The guard has ended.
    pub fn watch(&mut self, remains: &R) -> Result<()> {
        self.control.send(remains)?;
        let timed_out = || Error::TimedOut { what: "the guard does not answer".into(), waited: STEP_TIMEOUT };
        self.control.receive(STEP_TIMEOUT)?.ok_or_else(timed_out)
    }
}

impl<R> Drop for Guard<R> {
    fn drop(&mut self) {
        self.control.close();
        let _ = self.process.wait(); // it may have been waited for
    }
}

/// Runs the process.
pub(super) fn run<R: Remains>() -> Result<()> {
    let mut guarded = Vec::new();
    let noted = note_all(&mut guarded);
    // The scenario is over, or its process is dead.
    guarded.into_iter().for_each(R::remove);
    match noted {
        Err(error) if error.errno() == Some(Errno::EPIPE) => Ok(()), // dead before it has read the answer
        noted => noted,
    }
}

fn note_all<R: Remains>(guarded: &mut Vec<R>) -> Result<()> {
    for remains in Invitation::orders::<R>() {
        guarded.push(remains?);
        Invitation::answer(&())?;
    }
    Ok(())
}
