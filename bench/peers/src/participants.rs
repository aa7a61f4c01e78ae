//! All participants: the only place that lists them.

use std::process::Command;

use ipc_bench::measure::pair::Pair;
use ipc_bench::measure::thread_pair;
use ipc_core::{Call as _, Error, Result, Wait};
use ipc_demo::cpus::{Cpus, Role};
use ipc_demo::exchange::Pattern;
use ipc_demo::helper_process::HelperProcess;

use crate::libraries;
use crate::link::{Link, Side, Sides, Through};
use crate::processes;
use crate::setup::Setup;

/// An exchange that a participant may not be able to play.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// The pattern of its messages.
    pub pattern: Pattern,
    /// Length of each message, in bytes.
    pub size: usize,
    /// The wait strategy of both sides.
    pub wait: Wait,
}

impl Exchange {
    /// Returns true if both sides are to ask again and again.
    #[must_use]
    pub fn polls(&self) -> bool {
        self.wait != Wait::Block
    }
}

/// The parent's end, once the child has been started and has joined.
pub type Accept = Box<dyn FnOnce(&mut HelperProcess, &Setup) -> Result<Box<dyn Side>>>;

/// A library, or one of the ways to use it.
#[derive(Clone)]
pub struct Participant {
    /// The name on the command line.
    pub name: String,
    /// The name in the results, with its version.
    pub implementation: fn() -> String,
    /// The mechanism and the variant of the suite that use the same of the kernel.
    pub beside: (&'static str, &'static str),
    /// Messages of a stream between two flushes: 1, unless it gathers them.
    pub flush_every: u64,
    /// Returns the reason why it cannot play an exchange.
    pub refusal: fn(&Exchange) -> Option<&'static str>,
    /// Where its two sides are.
    pub sides: Where,
    /// Removes what a killed process has left.
    pub clean: fn(&Setup),
}

/// Where the two sides of an exchange are.
#[derive(Clone, Copy)]
pub enum Where {
    /// In two processes.
    Processes {
        /// Prepares the meeting and the command that starts the child.
        create: fn(&Setup, &mut Command) -> Result<Accept>,
        /// Returns the child's side.
        join: fn(&Setup, &str) -> Result<Box<dyn Side>>,
    },
    /// In two threads of one process.
    Threads(fn(&Setup) -> Result<Sides>),
}

impl Participant {
    /// Returns a participant whose library is used through a [`Link`].
    pub fn of<L: Link + 'static>(
        name: impl Into<String>,
        implementation: fn() -> String,
        beside: (&'static str, &'static str),
        refusal: fn(&Exchange) -> Option<&'static str>,
    ) -> Self {
        Self {
            name: name.into(),
            implementation,
            beside,
            flush_every: 1,
            refusal,
            sides: Where::Processes { create: create::<L>, join: join::<L> },
            clean: |_| {},
        }
    }

    /// Starts the two sides.
    ///
    /// # Errors
    /// Any error that keeps them from meeting.
    pub fn start(&self, size: usize, wait: Wait, cpus: Cpus) -> Result<Pair> {
        let prefix = format!("ipc-peers-{}-", std::process::id());
        let dir = tempfile::Builder::new().prefix(&prefix).tempdir().call("mkdir")?;
        let setup = Setup::new(&self.name, size, wait, cpus, dir.path().to_owned());
        match self.sides {
            Where::Processes { .. } => processes::start(setup, dir, self.clean),
            Where::Threads(sides) => {
                let (mut ping, mut pong) = sides(&setup)?;
                thread_pair::start(cpus, size, move |order| ping.play(order), move |order| pong.play(order))
            }
        }
    }
}

fn create<L: Link + 'static>(setup: &Setup, command: &mut Command) -> Result<Accept> {
    let mut meeting = L::create(setup)?;
    L::invite(&mut meeting, command)?;
    Ok(Box::new(move |child, setup| {
        Ok(Box::new(Through::new(L::accept(meeting, child, setup)?, Role::Ping)))
    }))
}

fn join<L: Link + 'static>(setup: &Setup, address: &str) -> Result<Box<dyn Side>> {
    Ok(Box::new(Through::new(L::join(setup, address)?, Role::Pong)))
}

/// Returns all participants, the suite's first.
#[must_use]
pub fn all() -> Vec<Participant> {
    libraries::all()
}

/// Returns the participant of that name.
///
/// # Errors
/// [`Usage`](Error::Usage): there is none.
pub fn find(name: &str) -> Result<Participant> {
    let found = all().into_iter().find(|known| known.name == name);
    found.ok_or_else(|| Error::Usage(format!("invalid participant '{name}': expected {}", names())))
}

/// Returns the names of all, for people.
#[must_use]
pub fn names() -> String {
    all().into_iter().map(|known| known.name).collect::<Vec<_>>().join(", ")
}
