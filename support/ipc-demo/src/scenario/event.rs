//! The record of a run, as `--json` prints it. Its schema is `docs/src/schema/scenario-1.json`.

use std::panic::Location;

use serde::Serialize;

/// The version of the schema.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// The run of a scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Document {
    pub schema_version: u32,
    pub mechanism: &'static str,
    pub scenario: &'static str,
    pub claim: &'static str,
    pub holds: bool,
    pub object: Object,
    pub actors: Vec<Actor>,
    pub events: Vec<Event>,
}

/// The kernel object.
#[derive(Clone, Debug, Serialize)]
pub struct Object {
    pub name: &'static str,
    pub what: String,
    pub capacity: Option<usize>,
    pub unit: Option<&'static str>,
}

/// A process of the scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Actor {
    pub name: String,
    pub pid: u32,
}

/// One event.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// Milliseconds since the start.
    pub t_ms: f64,
    pub actor: Option<String>,
    pub pid: Option<u32>,
    pub kind: Kind,
    pub call: Option<Call>,
    pub outcome: Option<String>,
    pub ok: Option<bool>,
    pub slept_ms: Option<f64>,
    pub text: Option<String>,
    pub question: Option<Question>,
    pub state: Option<State>,
    pub source: Option<Source>,
    /// True for the beginning of a step that the timeline shows: one that takes a while.
    #[serde(skip)]
    pub is_announced: bool,
}

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The object was made.
    Object,
    /// A process was started.
    Start,
    /// A process is about to make a call.
    Begin,
    /// It sleeps in that call.
    Sleep,
    /// The call has returned.
    Return,
    /// A process was sent a signal.
    Signal,
    /// A process has ended by itself.
    Exit,
    /// A process was ended by a signal.
    Kill,
    /// A remark.
    Note,
    /// A claim was checked.
    Check,
    /// The reader is asked what happens next.
    Question,
}

impl Event {
    /// Returns an event that says nothing yet.
    pub(super) const fn new(kind: Kind) -> Self {
        Self {
            t_ms: 0.0,
            actor: None,
            pid: None,
            kind,
            call: None,
            outcome: None,
            ok: None,
            slept_ms: None,
            text: None,
            question: None,
            state: None,
            source: None,
            is_announced: false,
        }
    }
}

/// A system call with its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Its name; or a step of several calls in words, which has no arguments.
    pub name: String,
    /// Its arguments, in words.
    pub args: Vec<String>,
}

impl Call {
    /// Returns a call with its arguments.
    pub fn new(name: &str, args: impl IntoIterator<Item = String>) -> Self {
        Self { name: name.into(), args: args.into_iter().collect() }
    }
}

/// A question, asked just before the answer is seen.
#[derive(Clone, Debug, Serialize)]
pub struct Question {
    pub options: Vec<&'static str>,
    /// The index of the option that is right.
    pub answer: usize,
}

/// What the object holds after an event, as the kernel reports it. What is not known is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct State {
    /// How much is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<usize>,
    /// How much it can hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<usize>,
    /// The unit of both, in the plural: `bytes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
    /// The number of messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<usize>,
    /// The processes that sleep in a call on it.
    pub sleeping: Vec<String>,
    /// What is in it, the oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contents: Option<Vec<String>>,
    /// How far its readers have got, if it keeps that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readers: Option<Readers>,
}

/// How far the readers of an object have got that waits for acknowledgements; counted in messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Readers {
    /// Not delivered yet.
    pub pending: u64,
    /// Deliveries, repeated ones included.
    pub delivered: u64,
    /// Delivered, and not acknowledged yet.
    pub unacknowledged: u64,
    /// Of these, those that were delivered more than once.
    pub redelivered: u64,
    /// The requests for a message that wait.
    pub waiting: u64,
}

/// The line of the scenario that has a call made.
#[derive(Clone, Debug, Serialize)]
pub struct Source {
    /// The path in the repository.
    pub file: String,
    pub line: u32,
}

impl Source {
    /// Returns the source of a call in a scenario, in a workspace in this folder of the repository.
    pub(super) fn at(location: &Location<'_>, folder: &str) -> Self {
        Self { file: format!("{folder}{}", location.file()), line: location.line() }
    }
}
