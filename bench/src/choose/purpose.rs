//! What somebody wants to use a mechanism for.

use ipc_core::{Error, Result, Shared};
use serde::{Serialize, Serializer};

/// One of a few answers to a question.
pub trait Answer: Copy + PartialEq + Sized + 'static {
    /// The question.
    const QUESTION: &'static str;
    /// Each answer, with its word on the command line and in half a line what it means. The first is the usual one.
    const ALL: &'static [(Self, &'static str, &'static str)];

    /// The word for this answer.
    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(answer, ..)| *answer == self).map_or("", |(_, word, _)| word)
    }

    /// The answer with that word.
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): there is none.
    fn parse(text: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(_, word, _)| *word == text);
        found.map(|(answer, ..)| *answer).ok_or_else(|| {
            let words: Vec<_> = Self::ALL.iter().map(|(_, word, _)| *word).collect();
            Error::Usage(format!("no answer '{text}': {}", words.join(", ")))
        })
    }
}

/// Who talks to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Partners {
    /// Any two processes of this host.
    Any,
    /// A process and a child that it starts.
    ParentChild,
    /// Processes of two hosts.
    OtherHost,
}

impl Answer for Partners {
    const QUESTION: &'static str = "Who talks to whom?";
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Any, "any", "any two processes of this host"),
        (Self::ParentChild, "parent-child", "a process and a child that it starts"),
        (Self::OtherHost, "other-host", "processes of two hosts"),
    ];
}

/// What the two have in common, where both are on this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Common([bool; Self::EACH.len()]);

impl Common {
    /// The question.
    pub const QUESTION: &'static str = "What do the two share?";
    /// Each thing, with its word on the command line.
    pub const EACH: [(Shared, &'static str); 5] = [
        (Shared::PidNamespace, "pid"),
        (Shared::IpcNamespace, "ipc"),
        (Shared::DevShm, "shm"),
        (Shared::Directory, "dir"),
        (Shared::Network, "net"),
    ];
    /// All of it: no container lies between them.
    pub const ALL: Self = Self([true; Self::EACH.len()]);

    /// Whether this is shared.
    #[must_use]
    pub fn has(self, what: Shared) -> bool {
        Self::EACH.iter().zip(self.0).any(|((each, _), shared)| *each == what && shared)
    }

    /// The words of what is shared.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Self::EACH.iter().zip(self.0).filter(|(_, shared)| *shared).map(|((_, word), _)| *word)
    }

    /// `all`, or words with commas between them.
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

/// In which direction.
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

/// What is sent.
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

/// How long what was sent has to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outlive {
    /// It may go with the processes.
    No,
    /// It must be there when both processes are gone.
    Processes,
    /// It must be there after a restart of the machine.
    Restart,
}

impl Answer for Outlive {
    const QUESTION: &'static str = "Must the data outlive the processes?";
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::No, "no", "it may go with them"),
        (Self::Processes, "processes", "it must be there when both are gone"),
        (Self::Restart, "restart", "it must be there after a restart of the machine"),
    ];
}

/// What counts most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// A short time for each message.
    Latency,
    /// Many messages, or bytes, in a second.
    Throughput,
    /// Little CPU time for each message.
    Cpu,
    /// Little code of one's own.
    Simplicity,
}

impl Answer for Priority {
    const QUESTION: &'static str = "What counts most?";
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Latency, "latency", "a short time for each message"),
        (Self::Throughput, "throughput", "many messages, or bytes, in a second"),
        (Self::Cpu, "cpu", "little CPU time for each message"),
        (Self::Simplicity, "simplicity", "little code of one's own"),
    ];
}

/// The answers to all questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Purpose {
    /// Who talks to whom.
    pub partners: Partners,
    /// What they have in common; it means nothing between two hosts.
    pub common: Common,
    /// In which direction.
    pub ways: Ways,
    /// What is sent.
    pub shape: Shape,
    /// Length of the messages, or of the pieces of a stream, in bytes.
    pub size: usize,
    /// How many clients one server has.
    pub clients: usize,
    /// How long it has to last.
    pub outlive: Outlive,
    /// What decides the order of those that will do.
    pub priority: Priority,
}
