//! How a step can fail: no system call does, so there is no errno, but the server has codes of its own.

use std::error::Error as _;

use async_nats::client::{RequestError, RequestErrorKind};
use async_nats::jetstream::context::{
    CreateStreamError, CreateStreamErrorKind, GetStreamError, GetStreamErrorKind, PublishError,
    PublishErrorKind,
};
use async_nats::jetstream::stream::{ConsumerError, ConsumerErrorKind};
use async_nats::{StatusCode, jetstream};
use ipc_core::Error;

/// A request is answered by this where no process would.
pub const NO_RESPONDERS: &str = "503 no responders";

/// What a receive says that found no message.
pub const NO_MESSAGE: &str = "no message";

/// Returns the failure of a step.
pub fn refused(how: impl Into<String>) -> Error {
    Error::Refused(how.into())
}

/// Formats an error of the server: its code, and what it says.
fn of_server(error: &jetstream::Error) -> Error {
    let text = error.to_string(); // the description, and codes in parentheses
    let description = text.rsplit_once(" (code ").map_or(&*text, |(description, _)| description);
    refused(format!("{} {description}", error.error_code().0))
}

pub fn of_publish(error: &PublishError) -> Error {
    if error.kind() == PublishErrorKind::StreamNotFound {
        return refused(NO_RESPONDERS); // that is how the client finds out
    }
    let source = error.source().and_then(|source| source.downcast_ref::<jetstream::Error>());
    source.map_or_else(|| refused(error.kind().to_string()), of_server)
}

pub fn of_creation(error: &CreateStreamError) -> Error {
    match error.kind() {
        CreateStreamErrorKind::JetStream(error) => of_server(&error),
        kind => refused(kind.to_string()),
    }
}

pub fn of_stream(error: &GetStreamError) -> Error {
    match error.kind() {
        GetStreamErrorKind::JetStream(error) => of_server(&error),
        kind => refused(kind.to_string()),
    }
}

pub fn of_consumer(error: &ConsumerError) -> Error {
    match error.kind() {
        ConsumerErrorKind::JetStream(error) => of_server(&error),
        kind => refused(kind.to_string()),
    }
}

pub fn of_request(error: &RequestError) -> Error {
    match error.kind() {
        RequestErrorKind::NoResponders => refused(NO_RESPONDERS),
        _ => refused(error.to_string()),
    }
}

/// Formats the failure of a receive, in which the client quotes the server: `..., 409, Some("Consumer Deleted")`.
pub fn of_receive(error: &async_nats::Error) -> Error {
    let text = error.to_string();
    let status = text.rsplit_once(": ").map_or(&*text, |(_, status)| status);
    if status.starts_with(&StatusCode::NO_RESPONDERS.to_string()) {
        return refused(NO_RESPONDERS);
    }
    refused(status.replace(", Some(\"", " ").replace("\")", ""))
}
