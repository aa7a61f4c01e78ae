//! The replies of a worker: one line for each step.

use std::fmt;
use std::time::Duration;

use ipc_msgq::Message;

use super::narration::quoted;

/// The reply to a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The time that the calls took.
    pub took: Duration,
    pub result: CallResult,
}

/// The result of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
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

    /// Formats the line that [`parse`](Self::parse) reads.
    pub fn line(&self) -> String {
        let took = self.took.as_micros();
        match &self.result {
            CallResult::Done(number) => format!("{took} done {number}"),
            CallResult::Got { kind, cut, text } => format!("{took} got {kind} {cut} {text}"),
            CallResult::Nothing => format!("{took} nothing"),
            CallResult::Full => format!("{took} full"),
            CallResult::Refused(errno) => format!("{took} refused {errno}"),
        }
    }

    /// Parses a line; returns `None` if it is something else.
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.splitn(5, ' ');
        let took = Duration::from_micros(words.next()?.parse().ok()?);
        let result = match words.next()? {
            "done" => CallResult::Done(words.next()?.parse().ok()?),
            "got" => CallResult::Got {
                kind: words.next()?.parse().ok()?,
                cut: words.next()?.parse().ok()?,
                text: words.next()?.to_owned(),
            },
            "nothing" => CallResult::Nothing,
            "full" => CallResult::Full,
            "refused" => CallResult::Refused(words.next()?.to_owned()),
            _ => return None,
        };
        Some(Self { took, result })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_parsed_as_it_was_formatted() {
        let got = CallResult::Got { kind: 7, cut: true, text: "with some words".into() };
        for result in [
            CallResult::Done(-3),
            got,
            CallResult::Nothing,
            CallResult::Full,
            CallResult::Refused("EIDRM".into()),
        ] {
            let reply = Reply { took: Duration::from_micros(12), result };
            assert_eq!(Reply::parse(&reply.line()), Some(reply));
        }
        assert_eq!(Reply::parse("12 flies"), None);
        assert_eq!(Reply::parse(""), None);
    }
}
