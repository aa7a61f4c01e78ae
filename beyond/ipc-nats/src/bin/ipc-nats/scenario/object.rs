//! The stream of a scenario, and what the process that tells the story can see of it.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use ipc_core::Result;
use ipc_core::ownership::{Note, OwnershipLock};
use ipc_demo::scenario::{Guard, Invited, KernelObject, Remains, State};
use ipc_demo::system_call::SystemCall;
use ipc_nats::{Connection, MARK, MAX_AGE, Memory, Nats, ServerOptions};
use serde::{Deserialize, Serialize};

use super::performer::Performer;
use super::step::Step;
use super::{look, refusal};

/// The code of a refusal, if a stream is full.
pub const FULL: &str = "10077";

/// The server's code for a stream that does not exist.
pub const NOT_FOUND: &str = "10059";

/// The number of messages of a stream without a limit.
pub const UNLIMITED: i64 = -1;

/// The time after which a message counts as not acknowledged, and is delivered again; longer than a scenario takes.
pub const ACK_WAIT: Duration = Duration::from_secs(60);

/// Returns the configuration of the stream of this name.
pub fn config(name: &str, max_messages: i64) -> Config {
    Config {
        name: name.into(),
        description: Some(MARK.into()),
        subjects: vec![subject(name, "*")],
        // A message that was acknowledged is gone, as one that msgrcv took.
        retention: RetentionPolicy::WorkQueue,
        // A full stream refuses the new message; by default it would discard the oldest.
        discard: DiscardPolicy::New,
        max_messages,
        max_age: MAX_AGE,
        storage: StorageType::Memory,
        ..Config::default()
    }
}

/// Returns the subject of messages of this kind: `scene-17` takes those of `scene.17.KIND`.
pub fn subject(stream: &str, kind: &str) -> String {
    format!("{}.{kind}", stream.replace('-', "."))
}

/// Returns the only subject of a stream that takes no messages any more.
pub fn closed(stream: &str) -> String {
    format!("{stream}-closed")
}

/// A stream that no other process uses.
pub struct StreamOfScenario {
    pub name: String,
    pub(super) connection: Connection,
    _guard: Guard<StreamOfName>,
    /// If the guard is killed, too, the next run removes the stream.
    _ownership: OwnershipLock,
}

impl KernelObject for StreamOfScenario {
    const MECHANISM: &'static str = "nats";
    const NAME: &'static str = "stream";
    const TITLE: &'static str = "stream on a NATS server";
    const KEEPER: &'static str = "server";
    const FOLDER: &'static str = "beyond/";

    type Part = ();
    type Performer = Performer;
    type Remains = StreamOfName;

    fn create() -> Result<Self> {
        let server = ServerOptions::current();
        let connection = Connection::open(&server)?;
        let name = format!("scene-{:08}", ipc_core::random() % 100_000_000);
        let mut guard = Guard::start()?;
        // It knows the name before there is such a stream.
        guard.watch(&StreamOfName { server, name: name.clone() })?;
        let ownership = OwnershipLock::take::<Nats<Memory>>(None)?;
        ownership.record(Note::AtServer(format!("{}/{name}", connection.options().url)))?;
        let created = connection.wait(connection.jetstream().create_stream(config(&name, UNLIMITED)));
        created.map_err(|error| refusal::of_creation(&error))?;
        Ok(Self { name, connection, _guard: guard, _ownership: ownership })
    }

    fn describe(&self) -> String {
        let server = self.connection.server();
        let url = &self.connection.options().url;
        format!("{} at {url}, NATS JetStream {}, in memory", self.name, server.version)
    }

    fn invite(&self, (): ()) -> Result<Invited<(ServerOptions, String)>> {
        Ok(Invited::with((self.connection.options().clone(), self.name.clone())))
    }

    fn state(&self, _: &[u32]) -> Result<Option<State>> {
        let Some((stream, config)) = self.stream()? else { return Ok(None) }; // it was deleted
        let readers = self.readers();
        let most = usize::try_from(config.max_messages).ok();
        Ok(Some(State {
            used: Some(stream.messages as usize),
            capacity: most,
            unit: Some("messages"),
            items: Some(stream.messages as usize),
            contents: Some(self.contents(&stream, &readers)),
            readers: Some(look::sum(&readers)),
            ..State::default()
        }))
    }

    /// Returns whether it is the thread that waits for what the client was asked to do: without a limit. Those of the
    /// client wait for the server by other calls, or with one.
    fn is_target(&self, call: &SystemCall, _: u32) -> bool {
        const TIMEOUT: usize = 3;
        call.number == libc::SYS_futex && call.arguments[TIMEOUT] == 0
    }
}

impl StreamOfScenario {
    /// Publishes a message of this kind.
    pub fn publish(&self, kind: &str, text: &str) -> Step {
        Step::Publish { subject: subject(&self.name, kind), text: text.into() }
    }

    pub fn publish_long(&self, kind: &str, len: usize) -> Step {
        Step::PublishLong { subject: subject(&self.name, kind), len }
    }

    pub fn publish_again_and_again(&self, kind: &str, text: &str) -> Step {
        Step::PublishAgainAndAgain { subject: subject(&self.name, kind), text: text.into() }
    }

    /// Makes a consumer of messages of this kind only.
    pub fn read_only(&self, kind: &str) -> Step {
        Step::CreateConsumer { subject: Some(subject(&self.name, kind)), ack_wait: None }
    }

    pub fn create_stream(&self, max_messages: Option<i64>) -> Step {
        Step::CreateStream { name: self.name.clone(), max_messages }
    }

    pub fn delete(&self) -> Step {
        Step::DeleteStream { name: self.name.clone() }
    }

    /// The subject of requests; no stream keeps them.
    pub(super) fn requests(&self) -> String {
        subject(&self.name, "requests").replace("scene", "ask")
    }

    pub fn subscribe(&self) -> Step {
        Step::Subscribe { subject: self.requests() }
    }

    pub fn request(&self, text: &str) -> Step {
        Step::Request { subject: self.requests(), text: text.into() }
    }
}

/// A stream, by its name, which is fresh: it has never been that of another.
#[derive(Debug, Serialize, Deserialize)]
pub struct StreamOfName {
    server: ServerOptions,
    name: String,
}

impl Remains for StreamOfName {
    fn remove(self) {
        if let Ok(connection) = Connection::open(&self.server) {
            let _ = connection.wait(connection.jetstream().delete_stream(&self.name)); // it may be gone
        }
    }
}
