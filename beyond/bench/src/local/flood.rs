//! NATS without JetStream: publish and subscribe. Nothing acknowledges a message, so nothing slows the publisher down, and
//! what the subscriber does not take in time is dropped, by its client or by the server.

use std::process::Command;
use std::time::{Duration, Instant};

use async_nats::Subscriber;
use bytes::Bytes;
use futures_util::StreamExt as _;
use ipc_core::{Error, Result};
use ipc_nats::{Connection, ServerOptions};

use super::end::End;

/// The time without a message after which no more are expected.
const SILENCE: Duration = Duration::from_secs(1);

/// One end: the publisher, or the subscriber.
pub(super) struct Flood {
    connection: Connection,
    subject: String,
    /// The subscriber's.
    subscription: Option<Subscriber>,
    /// The time that the subscriber takes for each message.
    handling: Duration,
}

impl Flood {
    /// Returns the publisher's end, at a subject of its own.
    pub fn publish() -> Result<Self> {
        let connection = Connection::open(&ServerOptions::current())?;
        let subject = format!("flood.{:016x}", ipc_core::random());
        Ok(Self { connection, subject, subscription: None, handling: Duration::ZERO })
    }

    /// Completes the command that starts the subscriber.
    pub fn invite(&self, command: &mut Command) {
        command.envs(self.connection.options().environment()).arg(&self.subject);
    }

    /// Returns the subscriber's end.
    pub fn subscribe(subject: &str, handling: Duration) -> Result<Self> {
        let connection = Connection::open(&ServerOptions::current())?;
        let subscribed = connection.wait(connection.client().subscribe(subject.to_owned()));
        let subscription = subscribed.map_err(|error| Error::Refused(format!("no subscription: {error}")))?;
        connection.settle();
        Ok(Self { connection, subject: subject.into(), subscription: Some(subscription), handling })
    }
}

impl End for Flood {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.feed(message)?;
        self.flush()
    }

    fn feed(&mut self, message: &[u8]) -> Result<()> {
        let published =
            self.connection.client().publish(self.subject.clone(), Bytes::copy_from_slice(message));
        self.connection.wait(published).map_err(|error| Error::Refused(format!("not published: {error}")))
    }

    fn flush(&mut self) -> Result<()> {
        let flushed = self.connection.wait(self.connection.client().flush());
        flushed.map_err(|error| Error::Refused(format!("not written: {error}")))
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        let Some(subscription) = &mut self.subscription else {
            return Err(Error::Usage("a publisher receives nothing".into()));
        };
        let next = self.connection.wait(async { tokio::time::timeout(SILENCE, subscription.next()).await });
        let Ok(Some(message)) = next else { return Ok(None) };
        let started = Instant::now();
        while started.elapsed() < self.handling {
            std::hint::spin_loop(); // at work: a sleep would take longer than it is told to
        }
        let len = message.payload.len();
        let room = buffer.get_mut(..len).ok_or(Error::Corrupt("a message of an unexpected length"))?;
        room.copy_from_slice(&message.payload);
        Ok(Some(len))
    }
}
