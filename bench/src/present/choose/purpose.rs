//! The purpose for which a mechanism is chosen.

use std::time::Duration;

use ipc_core::{Error, Result, Shared};
use serde::{Serialize, Serializer};

use crate::results::case::Kind;
use crate::results::units::alternatives;

/// One of a few answers to a question.
pub trait Answer: Copy + PartialEq + Sized + 'static {
    /// The question.
    const QUESTION: &'static str;
    /// The answers, each with its word on the command line and a short description. The first is the default.
    const ALL: &'static [(Self, &'static str, &'static str)];

    /// Returns the word for this answer.
    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(answer, ..)| *answer == self).map_or("", |(_, word, _)| word)
    }

    /// Returns the answer with that word.
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): there is none.
    fn parse(text: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(_, word, _)| *word == text);
        found
            .map(|(answer, ..)| *answer)
            .ok_or_else(|| Error::Usage(format!("invalid answer '{text}': expected {}", Self::words())))
    }

    /// Returns the words of all answers.
    fn words() -> String {
        alternatives(&Self::ALL.iter().map(|(_, word, _)| *word).collect::<Vec<_>>())
    }
}

/// The processes that talk to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Partners {
    /// Any two processes of this host.
    Any,
    /// A process and a child that it starts.
    ParentChild,
    /// Processes in two containers of this host.
    Containers,
    /// Processes of two hosts.
    OtherHost,
}

impl Answer for Partners {
    const QUESTION: &'static str = "Who talks to whom?";
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Any, "any", "any two processes of this host"),
        (Self::ParentChild, "parent-child", "a process and a child that it starts"),
        (Self::Containers, "containers", "processes in two containers of this host"),
        (Self::OtherHost, "other-host", "processes of two hosts"),
    ];
}

/// The things that the two share, where both are on this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Common([bool; Self::EACH.len()]);

impl Common {
    /// The question.
    pub const QUESTION: &'static str = "What do the two processes share?";
    /// Each shared thing, with its word on the command line.
    pub const EACH: [(Shared, &'static str); 5] = [
        (Shared::PidNamespace, "pid"),
        (Shared::IpcNamespace, "ipc"),
        (Shared::DevShm, "shm"),
        (Shared::Directory, "dir"),
        (Shared::Network, "net"),
    ];
    /// Everything is shared: no container boundary lies between the two.
    pub const ALL: Self = Self([true; Self::EACH.len()]);

    /// Returns true if `what` is shared.
    #[must_use]
    pub fn has(self, what: Shared) -> bool {
        Self::EACH.iter().zip(self.0).any(|((each, _), shared)| *each == what && shared)
    }

    /// Returns the words of the shared things.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Self::EACH.iter().zip(self.0).filter(|(_, shared)| *shared).map(|((_, word), _)| *word)
    }

    /// Parses `all`, or words separated by commas.
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): there is no such word.
    pub fn parse(text: &str) -> Result<Self> {
        if text == "all" {
            return Ok(Self::ALL);
        }
        let mut common = Self([false; Self::EACH.len()]);
        for word in text.split(',') {
            let at = Self::EACH.iter().position(|(_, each)| *each == word.trim()).ok_or_else(|| {
                let words: Vec<_> = Self::ALL.words().collect();
                Error::Usage(format!("invalid share '{word}': expected all, or some of {}", words.join(",")))
            })?;
            common.0[at] = true;
        }
        Ok(common)
    }
}

impl Serialize for Common {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self.words())
    }
}

/// The direction of the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ways {
    /// Questions and answers.
    TwoWay,
    /// One side sends, the other one receives.
    OneWay,
}

impl Answer for Ways {
    const QUESTION: &'static str = "In which direction?";
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::TwoWay, "two-way", "questions and answers"),
        (Self::OneWay, "one-way", "one side sends, the other one receives"),
    ];
}

/// The form of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Messages: each is received as it was sent.
    Message,
    /// Bytes without boundaries.
    Stream,
}

impl Answer for Shape {
    const QUESTION: &'static str = "What is sent?";
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Message, "message", "messages: each is received as it was sent"),
        (Self::Stream, "stream", "a stream of bytes, without boundaries"),
    ];
}

/// The time for which sent data has to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outlive {
    /// It may go with the processes.
    No,
    /// It must survive the end of both processes.
    Processes,
    /// It must survive a restart of the machine.
    Restart,
}

impl Answer for Outlive {
    const QUESTION: &'static str = "Must the data outlive the processes?";
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::No, "no", "it may be lost with them"),
        (Self::Processes, "processes", "it must be there when both are gone"),
        (Self::Restart, "restart", "it must be there after a restart of the machine"),
    ];
}

/// The property that counts most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// A short time for each message.
    Latency,
    /// A short time for 99 of 100 messages.
    P99,
    /// Many messages, or bytes, per second.
    Throughput,
    /// Little CPU time for each message.
    Cpu,
    /// Little code to write.
    Simplicity,
}

impl Answer for Priority {
    const QUESTION: &'static str = "What counts most?";
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Latency, "latency", "a short time for a message"),
        (Self::P99, "p99", "a short time for 99 of 100 messages"),
        (Self::Throughput, "throughput", "many messages, or bytes, in a second"),
        (Self::Cpu, "cpu", "little CPU time for each message"),
        (Self::Simplicity, "simplicity", "little code to write"),
    ];
}

/// Whether two cores may be kept busy, even while no message comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Burn {
    /// They belong to others while no message comes.
    No,
    /// One core for each side.
    Yes,
}

impl Answer for Burn {
    const QUESTION: &'static str = "May two cores be kept busy, even while no message comes?";
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::No, "no", "no: sleep, or poll for a moment and then sleep"),
        (Self::Yes, "yes", "yes: polling without end is allowed"),
    ];
}

/// The answers to all questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Purpose {
    /// The processes that talk to each other.
    pub partners: Partners,
    /// The things that they share; without meaning between two hosts.
    pub common: Common,
    /// The direction of the messages.
    pub ways: Ways,
    /// The form of the data.
    pub shape: Shape,
    /// The length of the messages, or of the pieces of a stream, in bytes.
    pub size: usize,
    /// The number of clients of one server.
    pub clients: usize,
    /// The time for which the data has to last.
    pub outlive: Outlive,
    /// The messages that have to be sent in a second, by all clients together; `None` if that is not known.
    pub rate_per_s: Option<u64>,
    /// The time in which 99 of 100 messages, or answers, have to arrive; `None` if there is none.
    #[serde(rename = "deadline_ns", serialize_with = "nanoseconds")]
    pub deadline: Option<Duration>,
    /// The property that ranks the suitable variants.
    pub priority: Priority,
    /// Whether spinning may be recommended.
    pub burn_cores: Burn,
}

impl Purpose {
    /// Returns true if it says how fast is fast enough.
    #[must_use]
    pub const fn has_needs(&self) -> bool {
        self.rate_per_s.is_some() || self.deadline.is_some()
    }

    /// Returns the property whose figure is shown. Where simplicity counts, that is the one by which speed is judged.
    #[must_use]
    pub const fn shown(&self) -> Priority {
        match (self.priority, self.shape, self.deadline) {
            (Priority::Simplicity, _, Some(_)) => Priority::P99,
            (Priority::Simplicity, Shape::Stream, None) => Priority::Throughput,
            (priority, ..) => priority,
        }
    }

    /// Returns the kind of rows that are compared between two processes, with messages back to back.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match (self.shown(), self.ways) {
            (Priority::Throughput, _) | (Priority::Cpu, Ways::OneWay) => Kind::Throughput,
            _ => Kind::RoundTrip,
        }
    }
}

#[expect(clippy::ref_option, reason = "as serde calls it")]
fn nanoseconds<S: Serializer>(
    time: &Option<Duration>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    time.map(|time| time.as_nanos() as u64).serialize(serializer)
}
