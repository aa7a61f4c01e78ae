//! The replies of a worker.

use std::fmt;
use std::time::Duration;

use ipc_msgq::Message;
use serde::{Deserialize, Serialize};

use super::narration::quoted;

/// The reply to a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The time that the calls took.
    pub took: Duration,
    pub result: CallResult,
}

/// The result of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallResult {
    /// The step was executed; with a number, if it asks for one.
    Done(i64),
    /// A message was received.
    Got { kind: i64, cut: bool, text: String },
    /// There was no message (ENOMSG).
    Nothing,
    /// There was no room (EAGAIN).
    Full,
    /// The kernel refused: the name of the errno.
    Refused(String),
}

impl CallResult {
    pub fn got(message: &Message) -> Self {
        Self::Got {
            kind: message.kind().get(),
            cut: message.is_truncated(),
            text: String::from_utf8_lossy(message.text()).into_owned(),
        }
    }
}

impl Reply {
    /// Returns the text that was received.
    pub fn text(&self) -> Option<&str> {
        match &self.result {
            CallResult::Got { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Returns the type and the text that was received.
    pub fn message(&self) -> Option<(i64, &str)> {
        match &self.result {
            CallResult::Got { kind, text, .. } => Some((*kind, text)),
            _ => None,
        }
    }

    /// Returns the name of the errno.
    pub fn errno(&self) -> Option<&str> {
        match &self.result {
            CallResult::Refused(errno) => Some(errno),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<i64> {
        match self.result {
            CallResult::Done(number) => Some(number),
            _ => None,
        }
    }
}

impl fmt::Display for CallResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(_) => f.write_str("done"),
            Self::Got { kind, cut, text } => {
                let cut = if *cut { ", cut" } else { "" };
                write!(f, "type {kind}, {}{cut}", quoted(text))
            }
            Self::Nothing => f.write_str("no message (ENOMSG)"),
            Self::Full => f.write_str("no room (EAGAIN)"),
            Self::Refused(errno) => f.write_str(errno),
        }
    }
}
