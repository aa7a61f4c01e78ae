//! What a mechanism provides for its scenarios.

use std::fmt;
use std::os::fd::OwnedFd;

use ipc_core::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::event::{Call, State};
use super::guard::Remains;
use super::reply::Value;
use crate::system_call::SystemCall;

/// The kernel object of a scenario, as the process sees it that tells the story.
pub trait KernelObject: Sized + 'static {
    /// The name of the mechanism, as in `ipc-NAME`.
    const MECHANISM: &'static str;

    /// The name of the object in the timeline: `queue`.
    const NAME: &'static str;

    /// The object in words: `message queue`.
    const TITLE: &'static str;

    /// The keeper of the object, about whose behaviour the claims are.
    const KEEPER: &'static str = "kernel";

    /// The folder in the repository from which the compiler names the source files, with a slash at its end: that of the
    /// workspace.
    const FOLDER: &'static str = "";

    /// The part of a process: which ends of a pipe it inherits, for example; `()` where all processes are alike.
    type Part;

    /// A process of the scenario.
    type Performer: Performer;

    /// What has to be removed after the scenario; [`NothingRemains`](super::NothingRemains) if the object ends with its
    /// last process.
    type Remains: Remains;

    /// Makes an object that no other process uses, under a fresh name. What has a name is told to a
    /// [`Guard`](super::Guard), which the object keeps.
    ///
    /// # Errors
    /// The object cannot be made.
    fn create() -> Result<Self>;

    /// Describes this object: its key, its path, its number.
    fn describe(&self) -> String;

    /// Returns what a new process needs in order to reach the object.
    ///
    /// # Errors
    /// A descriptor cannot be copied.
    fn invite(&self, part: Self::Part) -> Result<Invited<<Self::Performer as Performer>::Start>>;

    /// Returns what the object holds now, as the kernel reports it, without `sleeping`, which is added; `None` if the
    /// object does not exist any more, or nothing is known. Must not change anything. `processes` are those of the scenario
    /// that have not ended: what has no name can be reached through their descriptors.
    ///
    /// # Errors
    /// The object cannot be inspected.
    fn state(&self, processes: &[u32]) -> Result<Option<State>>;

    /// Returns whether a call, in which a thread of the process `pid` sleeps, is one on this object.
    fn is_target(&self, call: &SystemCall, pid: u32) -> bool;
}

/// What a new process needs in order to reach the object.
#[derive(Debug)]
pub struct Invited<T> {
    /// Plain data: an address, an id.
    pub start: T,
    /// Descriptors that it inherits, in this order.
    pub descriptors: Vec<OwnedFd>,
}

impl<T> Invited<T> {
    /// Invites a process that inherits nothing.
    pub const fn with(start: T) -> Self {
        Self { start, descriptors: Vec::new() }
    }
}

/// A process of a scenario, from the inside: it executes one step after the other.
pub trait Performer: Sized {
    /// What it is told at its start.
    type Start: Serialize + DeserializeOwned;

    /// What it can do.
    type Step: Step;

    /// Prepares for the first step.
    ///
    /// # Errors
    /// It cannot reach the object.
    fn enter(start: Self::Start, inherited: Vec<OwnedFd>) -> Result<Self>;

    /// Executes a step: makes real system calls.
    ///
    /// # Errors
    /// A call failed. The [name](Self::failure) of the failure becomes the reply of the step; an error without one ends the
    /// scenario.
    fn perform(&mut self, step: Self::Step) -> Result<Value>;

    /// Returns the name of a failure that a step may have: that of the errno, unless the object is not the kernel's.
    #[must_use]
    fn failure(error: &Error) -> Option<String> {
        error.errno().map(|errno| format!("{errno:?}"))
    }
}

/// One thing that a process does: a system call, mostly.
pub trait Step: fmt::Debug + Serialize + DeserializeOwned {
    /// Returns the call in the kernel's terms. A step of several calls is described in words, as the name of a call
    /// without arguments.
    fn call(&self) -> Call;

    /// Describes what came of it. The meaning of a number depends on the step.
    fn outcome(&self, value: &Value) -> String;

    /// Describes a failure: the name of the errno, or more.
    fn failure(&self, errno: &str) -> String {
        errno.to_owned()
    }
}
