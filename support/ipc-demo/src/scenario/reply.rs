//! The replies of a process.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The reply to a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The time that the calls took.
    pub took: Duration,
    /// What they returned, or the name of the errno.
    pub result: Result<Value, String>,
}

/// What a step returned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// A number whose meaning depends on the step: a length, an id, the type of a message.
    pub number: i64,
    /// The text that was received.
    pub text: Option<String>,
    /// True if there was more than was asked for, and the rest is lost.
    pub is_cut: bool,
}

impl Value {
    /// Returns the value of a step that returns a number only.
    #[must_use]
    pub const fn number(number: i64) -> Self {
        Self { number, text: None, is_cut: false }
    }

    /// Returns the value of a step that received `bytes`.
    #[must_use]
    pub fn received(number: i64, bytes: &[u8]) -> Self {
        Self { number, text: Some(String::from_utf8_lossy(bytes).into_owned()), is_cut: false }
    }
}

impl Reply {
    /// Returns whether the step succeeded.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.result.is_ok()
    }

    /// Returns the text that was received.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.result.as_ref().ok()?.text.as_deref()
    }

    /// Returns the number and the text that was received: the type of a message and the message.
    #[must_use]
    pub fn message(&self) -> Option<(i64, &str)> {
        self.number().zip(self.text())
    }

    /// Returns the number; `None` if the step failed.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        self.result.as_ref().ok().map(|value| value.number)
    }

    /// Returns whether there was more than was asked for, and the rest is lost.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.result.as_ref().is_ok_and(|value| value.is_cut)
    }

    /// Returns the name of the errno, if the step failed.
    #[must_use]
    pub fn errno(&self) -> Option<&str> {
        self.result.as_ref().err().map(String::as_str)
    }
}
