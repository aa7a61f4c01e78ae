//! The streams of a link: how they are made, recognised and removed.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer, pull};
use async_nats::jetstream::context::{CreateStreamErrorKind, GetStreamError, GetStreamErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{Context, ErrorCode};
use ipc_core::{Error, Result};

use crate::names::{LinkName, Side};
use crate::{Connection, ServerIdentity};

/// The description by which a stream of this suite is recognised.
pub const MARK: &str = "of the IPC suite";

/// The number of messages that a stream holds at most. One more is refused.
pub const ROOM: i64 = 1024;

/// The number of bytes that a stream holds at most.
const BYTES: i64 = 64 << 20;

/// The time after which the server discards a message that was not received: what is never taken must not stay forever.
pub const MAX_AGE: Duration = Duration::from_secs(24 * 3600);

/// The time after which the server removes a consumer that no process uses.
const UNUSED_CONSUMER: Duration = Duration::from_secs(60);

/// The name of a stream's only consumer.
const READER: &str = "reader";

/// The bytes of a message that are not the caller's: its headers.
const HEADERS: usize = 512;

/// Returns the length of the longest message on this server.
pub fn longest(server: &ServerIdentity) -> usize {
    server.max_payload.saturating_sub(HEADERS)
}

/// Makes the stream that carries what `side` sends.
pub fn create(connection: &Connection, name: &LinkName, side: Side, storage: StorageType) -> Result<()> {
    let stream = name.stream(side);
    let config = Config {
        name: stream.clone(),
        description: Some(MARK.into()),
        subjects: vec![name.all(side)],
        // A message that was acknowledged is gone, as one that msgrcv took.
        retention: RetentionPolicy::WorkQueue,
        // A full stream refuses the new message; by default it would discard the oldest.
        discard: DiscardPolicy::New,
        max_messages: ROOM,
        max_bytes: BYTES,
        max_age: MAX_AGE,
        storage,
        ..Config::default()
    };
    let created = connection.wait(connection.jetstream().create_stream(config));
    created.map(drop).map_err(|error| match error.kind() {
        CreateStreamErrorKind::JetStream(error)
            if [ErrorCode::STREAM_NAME_EXIST, ErrorCode::STREAM_SUBJECT_OVERLAP]
                .contains(&error.error_code()) =>
        {
            Error::Refused(format!(
                "the server has the stream {stream} already: choose another NAME, or remove it with `ipc-nats clean` if \
                 no process uses it"
            ))
        }
        kind => Error::Refused(format!("the server makes no stream {stream}: {kind}")),
    })
}

/// Makes the consumer that receives what `side` sent.
///
/// If there was one before the server was away: the server may have forgotten acknowledgements, and then the stream still
/// has messages that were `taken`; and it may have sent others to a connection that was cut, and would wait for their
/// acknowledgement for a long time. So the messages that were taken are removed, and a new consumer takes the place of the
/// old one, which begins with the first that is left.
pub async fn consumer(
    jetstream: &Context,
    name: &LinkName,
    side: Side,
    taken: Option<u64>,
) -> Result<Consumer<pull::Config>> {
    let stream = name.stream(side);
    let gone = |error: &dyn std::fmt::Display| {
        Error::Refused(format!("the stream {stream} cannot be read: {error}"))
    };
    let found = jetstream.get_stream(&stream).await.map_err(|error| gone(&error))?;
    if let Some(taken) = taken {
        if taken > 0 {
            found.purge().sequence(taken + 1).await.map_err(|error| gone(&error))?;
        }
        let _ = found.delete_consumer(READER).await; // the server may have forgotten it, too
    }
    let config = pull::Config {
        name: Some(READER.into()),
        ack_policy: AckPolicy::Explicit, // the only one that a work queue allows
        inactive_threshold: UNUSED_CONSUMER,
        ..pull::Config::default()
    };
    found.get_or_create_consumer(READER, config).await.map_err(|error| gone(&error))
}

/// Removes both streams of a link, if they are there.
pub async fn remove(jetstream: &Context, name: &LinkName) {
    for side in [Side::Owner, Side::Joiner] {
        let _ = jetstream.delete_stream(name.stream(side)).await; // it may be gone, or the server may
    }
}

/// Removes the stream of this name, if it is there and carries the suite's mark.
pub async fn remove_marked(jetstream: &Context, stream: &str) {
    let Ok(found) = jetstream.get_stream(stream).await else { return };
    if found.cached_info().config.description.as_deref() == Some(MARK) {
        let _ = jetstream.delete_stream(stream).await; // another process may be faster
    }
}

/// Returns whether there is no such stream (and not only no server).
#[must_use]
pub fn is_missing(error: &GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}
