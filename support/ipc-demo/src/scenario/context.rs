//! The context of a scenario: its object, its processes, and the checks.

use std::rc::Rc;
use std::thread;
use std::time::Duration;

use ipc_core::Result;

use super::event::{Document, Event, Kind, Object, Question, SCHEMA_VERSION};
use super::object::KernelObject;
use super::play::Play;
use super::process::Process;
use super::{Failure, Scenario, ScenarioResult};

/// The time that a step may take on a loaded machine. Reached only if the step hangs.
pub const STEP_TIMEOUT: Duration = Duration::from_secs(20);

/// Long enough to be seen; no claim depends on it.
pub const PAUSE: Duration = Duration::from_millis(200);

/// What a scenario works with.
#[derive(Debug)]
pub struct Context<O: KernelObject> {
    play: Rc<Play<O>>,
}

impl<O: KernelObject> Context<O> {
    /// Makes the object. If the run `is_narrated`, each event is printed as it happens.
    pub(super) fn new(is_narrated: bool) -> Result<Self> {
        let play = Rc::new(Play::<O>::start(is_narrated)?);
        let text = Some(play.object.describe());
        play.record(Event { text, ..Event::new(Kind::Object) })?;
        Ok(Self { play })
    }

    /// Returns the object.
    #[must_use]
    pub fn object(&self) -> &O {
        &self.play.object
    }

    /// Starts one more process.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn process(&self, name: &str, part: O::Part) -> Result<Process<O>> {
        Process::spawn(name, part, &self.play)
    }

    /// Makes a remark.
    ///
    /// # Errors
    /// It cannot be printed.
    pub fn note(&self, text: &str) -> Result<()> {
        self.play.record(Event { text: Some(text.into()), ..Event::new(Kind::Note) })
    }

    /// Asks the reader what happens next, just before it does. The right answer is `options[answer]`.
    ///
    /// # Errors
    /// The object cannot be inspected.
    pub fn question(&self, text: &str, options: &[&'static str], answer: usize) -> Result<()> {
        assert!(answer < options.len(), "the answer is one of the options");
        let question = Some(Question { options: options.to_vec(), answer });
        self.play.record(Event { text: Some(text.into()), question, ..Event::new(Kind::Question) })
    }

    /// Checks a claim.
    ///
    /// # Errors
    /// It does not hold.
    pub fn check(&self, holds: bool, claim: &str) -> ScenarioResult {
        let (ok, text) = (Some(holds), Some(claim.into()));
        self.play.record(Event { ok, text, ..Event::new(Kind::Check) })?;
        if holds { Ok(()) } else { Err(Failure::ClaimFailed(format!("check failed: {claim}"))) }
    }

    /// Waits for a while, during which nothing should happen.
    ///
    /// # Errors
    /// The remark on it cannot be printed.
    pub fn pause(&self) -> Result<()> {
        thread::sleep(PAUSE);
        self.note(&format!("({} ms pass)", PAUSE.as_millis()))
    }

    /// Returns the record of the run, after its end.
    pub(super) fn document(&self, scenario: &Scenario<O>, holds: bool) -> Document {
        let events = self.play.events.borrow().clone();
        let first = events.first().and_then(|event| event.state.as_ref());
        let object = Object {
            name: O::NAME,
            what: format!("{}, {}", O::TITLE, self.play.object.describe()),
            capacity: first.and_then(|state| state.capacity),
            unit: first.and_then(|state| state.unit),
        };
        Document {
            schema_version: SCHEMA_VERSION,
            mechanism: O::MECHANISM,
            scenario: scenario.name,
            claim: scenario.claim,
            holds,
            object,
            actors: self.play.actors.borrow().clone(),
            events,
        }
    }
}
