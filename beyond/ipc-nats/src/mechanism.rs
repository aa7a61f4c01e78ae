//! How two processes meet at a server.

use std::marker::PhantomData;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::stream::StorageType;
use ipc_core::ownership::{CreationGuard, Note, OwnershipLock};
use ipc_core::{
    Between, Clients, Deadline, Direction, Error, Mechanism, Medium, Persistence, Profile, Reach, Result,
    Setup, Shared as SharedResource, Unit, Variant, poll_for,
};

use crate::link::{self, Link};
use crate::names::{Address, LinkName, Side};
use crate::presence::{self, Answer};
use crate::state::Shared;
use crate::{Connection, ServerOptions, streams};

/// The queue's row, in the terms of the course's table. It is not part of that table, which is about one host.
const PROFILE: Profile = Profile {
    name: "nats",
    title: "queue on a NATS server",
    between: Between::AnyTwoHosts,
    medium: Medium::Socket,
    unit: Unit::WholeStruct,
    direction: Direction::OneWay,
    reach: Reach::SameHostAndBeyond,
    address: Some("ADDRESS"),
};

const ENGINE: &str = "NATS JetStream";

/// Where the server keeps a stream.
pub trait Storage: Send + 'static {
    /// The same in the server's terms.
    const TYPE: StorageType;
    /// When the server calls fsync for what it has acknowledged. It does not tell its clients.
    const SYNC: &str;
    /// The variant.
    const VARIANT: Variant;
}

/// In its memory: a restart of the server loses it.
#[derive(Debug)]
pub enum Memory {}

/// On its disk. A restart of the server keeps it; whether a power cut does depends on when the server calls fsync.
#[derive(Debug)]
pub enum File {}

const MEMORY: Variant = Variant {
    name: "memory",
    type_path: "ipc_nats::Nats<ipc_nats::Memory>",
    summary: "two streams in the memory of the server",
    unit: Unit::WholeStruct,
    limits: &[],
    reach: Reach::SameHostAndBeyond,
    persistence: Persistence::Kernel,
    remains: true,
    clients: Clients::Many,
    server: None,
    lasting: None,
    shares: &[SharedResource::Network],
};

impl Storage for Memory {
    const TYPE: StorageType = StorageType::Memory;
    const SYNC: &str = "never, as it is in memory";
    const VARIANT: Variant = MEMORY;
}

impl Storage for File {
    const TYPE: StorageType = StorageType::File;
    const SYNC: &str = "every 2 min unless the server is configured otherwise, which it does not tell";
    const VARIANT: Variant = Variant {
        name: "file",
        type_path: "ipc_nats::Nats<ipc_nats::File>",
        summary: "two streams in files of the server",
        persistence: Persistence::FileSystem,
        ..MEMORY
    };
}

/// The variants, the default first.
pub type Variants = (Nats<Memory>, Nats<File>);

/// A meeting point at a server: a stream for each direction, and a subject where the owner answers.
#[derive(Debug)]
pub struct Nats<S> {
    address: Address,
    connection: Arc<Connection>,
    /// What this side knows, until `accept` puts it into a link.
    shared: Arc<Shared>,
    ownership: Option<OwnershipLock>,
    storage: PhantomData<fn() -> S>,
}

impl<S: Storage> Mechanism for Nats<S> {
    const PROFILE: Profile = PROFILE;
    const VARIANT: Variant = S::VARIANT;

    type Options = ();
    type Link = Link;

    fn create(address: Option<&str>, _: &Setup) -> Result<Self> {
        let address = match address {
            Some(text) => text.parse()?,
            None => Address { server: ServerOptions::current(), name: LinkName::fresh() },
        };
        let connection = Arc::new(Connection::open(&address.server)?);
        let name = &address.name;
        let _guard = CreationGuard::new();
        let ownership = OwnershipLock::take::<Self>(Some(&lock_name(&address)))?; // refuses a name in use on this host
        if connection.wait(presence::is_there(connection.client(), name, Side::Owner)) != Answer::NoOne {
            return Err(Error::Refused(format!(
                "{address} is in use by another process: choose another NAME"
            )));
        }
        ownership.record(Note::AtServer(address.to_string()))?;
        for side in [Side::Owner, Side::Joiner] {
            streams::create(&connection, name, side, S::TYPE)?;
        }
        let shared = link::appear(&connection, name, Side::Owner)?; // last: a peer that finds it uses the streams
        Ok(Self { address, connection, shared, ownership: Some(ownership), storage: PhantomData })
    }

    fn address(&self) -> String {
        self.address.to_string()
    }

    fn describe(&self) -> String {
        let (server, name) = (self.connection.server(), &self.address.name);
        let [there, back] = [Side::Owner, Side::Joiner].map(|side| name.stream(side));
        format!(
            "streams {there} and {back} at {}: {ENGINE} {}, storage {}, fsync {}",
            self.address.server.url,
            server.version,
            S::VARIANT.name,
            S::SYNC
        )
    }

    fn facts(link: &Link) -> Vec<(&'static str, String)> {
        vec![
            ("engine", ENGINE.into()),
            ("server_version", link.connection().server().version),
            ("storage", S::VARIANT.name.into()),
            ("sync", S::SYNC.into()),
        ]
    }

    fn options_to_join() -> Vec<String> {
        let ServerOptions { credentials, ca, .. } = ServerOptions::current();
        let option = |name: &str, file: Option<PathBuf>| {
            file.map(|file| [format!("--{name}"), file.display().to_string()]).into_iter().flatten()
        };
        option("credentials", credentials).chain(option("ca", ca)).collect()
    }

    fn invite(&mut self, child: &mut Command) -> Result<()> {
        child.envs(self.address.server.environment()).arg(self.address());
        Ok(())
    }

    fn accept(&mut self, timeout: Duration) -> Result<Link> {
        let joined = self.shared.wait(Deadline::after(timeout), |known| Ok(known.has_peer.then_some(())))?;
        if joined.is_none() {
            return Err(Error::TimedOut {
                what: format!("no peer connected at {}", self.address),
                waited: timeout,
            });
        }
        let Some(ownership) = self.ownership.take() else {
            return Err(Error::Usage("this queue is connected already".into()));
        };
        let shared = Arc::clone(&self.shared);
        Ok(Link::start(
            Arc::clone(&self.connection),
            &self.address.name,
            Side::Owner,
            shared,
            Some(ownership),
        ))
    }

    fn join(address: &str, _: &Setup, timeout: Duration) -> Result<Link> {
        let address: Address = address.parse()?;
        let connection = Arc::new(Connection::open(&address.server)?);
        let (name, own) = (&address.name, LinkName::fresh().to_string());
        let no_peer = || format!("no peer is waiting at {address}");
        // First, so that the owner finds this side as soon as it has let it in.
        let shared = link::appear(&connection, name, Side::Joiner)?;
        poll_for(timeout, no_peer, || {
            match connection.wait(presence::join(connection.client(), name, &own)) {
                Answer::Says(answer) if presence::is_taken(&answer) => {
                    Err(Error::Refused(format!("{address} has two sides already")))
                }
                Answer::Says(_) => Ok(Some(())),
                Answer::NoOne | Answer::Silence => Ok(None),
            }
        })?;
        let ownership = OwnershipLock::share::<Self>(&lock_name(&address))?; // if the owner is on this host
        Ok(Link::start(connection, name, Side::Joiner, shared, ownership))
    }

    fn reclaim(note: &Note) -> Result<()> {
        let Note::AtServer(address) = note else {
            return Err(Error::Usage(format!("{note} is not an object of {}", PROFILE.title)));
        };
        let Address { mut server, name } = address.parse()?;
        if server.url != ServerOptions::current().url {
            server.credentials = None; // they are for another server
        }
        let connection = Connection::open(&server)?;
        connection.wait(async {
            if presence::is_used_elsewhere(connection.client(), &name).await {
                return Err(Error::Refused("a process still uses it".into()));
            }
            streams::remove(connection.jetstream(), &name).await;
            streams::remove_marked(connection.jetstream(), &name.to_string()).await; // that of a scenario
            Ok(())
        })
    }
}

/// The name of a meeting point's ownership lock: a file name.
fn lock_name(address: &Address) -> String {
    address.to_string().replace(['/', ':'], "_")
}
