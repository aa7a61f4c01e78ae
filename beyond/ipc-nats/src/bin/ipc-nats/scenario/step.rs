//! What a process can do with a stream, and its wording: in the terms of the client's interface.

use std::time::Duration;

use ipc_demo::scenario::{self, Call, Value, quoted};
use serde::{Deserialize, Serialize};

/// One thing that a process does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Step {
    /// Make a stream of this name, unless there is one that is made alike.
    CreateStream {
        name: String,
        max_messages: Option<i64>,
    },
    /// Make the consumer of this process, with a filter of subjects, a time for acknowledgements, or both.
    CreateConsumer {
        subject: Option<String>,
        ack_wait: Option<Duration>,
    },
    Publish {
        subject: String,
        text: String,
    },
    /// Publish a text of this length.
    PublishLong {
        subject: String,
        len: usize,
    },
    /// Publish, and again while the stream is full.
    PublishAgainAndAgain {
        subject: String,
        text: String,
    },
    /// Ask for the next message; wait for one, or not.
    Receive {
        waits: bool,
    },
    /// Acknowledge the message that was received last.
    Acknowledge,
    /// Keep messages no longer than this.
    SetMaxAge {
        age: Duration,
    },
    DeleteStream {
        name: String,
    },
    /// Close the stream for publishers, and delete it if it becomes empty in time.
    Drain {
        limit: Duration,
    },
    /// Subscribe to requests.
    Subscribe {
        subject: String,
    },
    /// Answer this many requests.
    Serve {
        requests: i64,
    },
    Request {
        subject: String,
        text: String,
    },
}

/// Waits for a message.
pub const fn receive() -> Step {
    Step::Receive { waits: true }
}

/// Takes a message if there is one.
pub const fn fetch() -> Step {
    Step::Receive { waits: false }
}

pub const fn acknowledge() -> Step {
    Step::Acknowledge
}

pub const fn acknowledge_within(ack_wait: Duration) -> Step {
    Step::CreateConsumer { subject: None, ack_wait: Some(ack_wait) }
}

pub const fn set_max_age(age: Duration) -> Step {
    Step::SetMaxAge { age }
}

pub const fn drain(limit: Duration) -> Step {
    Step::Drain { limit }
}

pub const fn serve(requests: i64) -> Step {
    Step::Serve { requests }
}

impl scenario::Step for Step {
    fn call(&self) -> Call {
        let words = |words: String| Call { name: words, args: Vec::new() };
        let limit = |name: &str, value: String| format!("{name}: {value}");
        let millis = |name: &str, time: &Duration| limit(name, format!("{} ms", time.as_millis()));
        match self {
            Self::CreateStream { name, max_messages } => {
                let most = max_messages.map(|most| limit("max_messages", most.to_string()));
                Call::new("jetstream.create_stream", [quoted(name)].into_iter().chain(most))
            }
            Self::CreateConsumer { subject, ack_wait } => {
                let filter = subject.as_ref().map(|subject| limit("filter_subject", quoted(subject)));
                let time = ack_wait.as_ref().map(|time| millis("ack_wait", time));
                Call::new("stream.create_consumer", filter.into_iter().chain(time))
            }
            Self::Publish { subject, text } => {
                Call::new("jetstream.publish", [quoted(subject), quoted(text)])
            }
            Self::PublishLong { subject, len } => {
                Call::new("jetstream.publish", [quoted(subject), format!("{len} bytes")])
            }
            Self::PublishAgainAndAgain { text, .. } => {
                words(format!("publishes {} again and again, while the stream is full", quoted(text)))
            }
            Self::Receive { waits: true } => Call::new("consumer.batch", [limit("max_messages", "1".into())]),
            Self::Receive { .. } => Call::new("consumer.fetch", [limit("max_messages", "1".into())]),
            Self::Acknowledge => Call::new("message.double_ack", []),
            Self::SetMaxAge { age } => Call::new("jetstream.update_stream", [millis("max_age", age)]),
            Self::DeleteStream { name } => Call::new("jetstream.delete_stream", [quoted(name)]),
            Self::Drain { limit } => words(format!(
                "takes its subjects from the stream, and deletes it if it is empty within {} ms",
                limit.as_millis()
            )),
            Self::Subscribe { subject } => Call::new("client.subscribe", [quoted(subject)]),
            Self::Serve { requests } => words(format!("serves {requests} requests")),
            Self::Request { subject, text } => Call::new("client.request", [quoted(subject), quoted(text)]),
        }
    }

    fn outcome(&self, value: &Value) -> String {
        let (number, text) = (value.number, quoted(value.text.as_deref().unwrap_or_default()));
        match self {
            Self::Publish { .. } | Self::PublishLong { .. } => format!("acknowledged: {number}"),
            Self::PublishAgainAndAgain { .. } => "acknowledged at last".into(), // how often it took is chance
            Self::Receive { .. } => format!("{text}, delivered: {number}"),
            Self::Drain { .. } if number == 0 => "empty, so deleted".into(),
            Self::Drain { .. } => format!("{number} messages left, so reopened"),
            Self::Serve { .. } => format!("{number} requests answered"),
            Self::Request { .. } => text,
            Self::CreateStream { .. } => format!("holds {number}"),
            Self::CreateConsumer { .. }
            | Self::Acknowledge
            | Self::SetMaxAge { .. }
            | Self::DeleteStream { .. }
            | Self::Subscribe { .. } => "done".into(),
        }
    }
}
