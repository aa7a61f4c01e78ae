//! A run of a scenario: its object, its processes, and the record of what happens.

use std::cell::RefCell;
use std::time::Instant;

use ipc_core::Result;

use super::event::{Actor, Event, State};
use super::object::KernelObject;
use super::timeline;
use crate::output::print;
use crate::system_call;

/// A run of a scenario.
#[derive(Debug)]
pub(super) struct Play<O> {
    pub object: O,
    started: Instant,
    /// True if each event is printed as a line, as it happens.
    is_narrated: bool,
    pub actors: RefCell<Vec<Actor>>,
    pub events: RefCell<Vec<Event>>,
    /// The pids of the processes that have not ended.
    pub alive: RefCell<Vec<u32>>,
}

impl<O: KernelObject> Play<O> {
    pub fn start(is_narrated: bool) -> Result<Self> {
        let started = Instant::now();
        Ok(Self {
            object: O::create()?,
            started,
            is_narrated,
            actors: RefCell::default(),
            events: RefCell::default(),
            alive: RefCell::default(),
        })
    }

    /// Records an event of now, and what the object holds after it.
    pub fn record(&self, event: Event) -> Result<()> {
        let t_ms = (self.started.elapsed().as_secs_f64() * 1e4).round() / 10.0;
        let event = Event { t_ms, state: self.state()?, ..event };
        if self.is_narrated
            && let Some(line) = timeline::line(&event, O::NAME)
        {
            print(&line)?;
        }
        self.events.borrow_mut().push(event);
        Ok(())
    }

    fn state(&self) -> Result<Option<State>> {
        if self.is_narrated {
            return Ok(None); // the timeline does not show it
        }
        let alive = self.alive.borrow();
        let Some(state) = self.object.state(&alive)? else { return Ok(None) };
        let mut sleeping = Vec::new();
        for actor in self.actors.borrow().iter().filter(|actor| alive.contains(&actor.pid)) {
            if self.sleepers(actor.pid)? > 0 {
                sleeping.push(actor.name.clone());
            }
        }
        Ok(Some(State { sleeping, ..state }))
    }

    /// Counts the threads of a process that sleep in a call on the object.
    pub fn sleepers(&self, pid: u32) -> Result<usize> {
        let calls = system_call::calls_of(pid)?;
        Ok(calls.iter().filter(|call| self.object.is_target(call, pid)).count())
    }

    /// Notes that a process was started.
    pub fn started(&self, name: &str, pid: u32) {
        self.actors.borrow_mut().push(Actor { name: name.into(), pid });
        self.alive.borrow_mut().push(pid);
    }

    /// Notes that a process has ended.
    pub fn ended(&self, pid: u32) {
        self.alive.borrow_mut().retain(|&other| other != pid);
    }
}
