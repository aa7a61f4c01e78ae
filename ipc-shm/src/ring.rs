//! The variant `ring`: a ring in each direction, in a System V segment.

use std::time::Duration;

use ipc_core::ownership::Note;
use ipc_core::pages::Pages;
use ipc_core::ring::RingLink;
use ipc_core::{Clients, Mechanism, Persistence, Profile, Reach, Result, Setup, Shared, Unit, Variant};

use crate::Attached;
use crate::meeting::{self, FreshSegment, Meeting};

/// A segment for two rings, waiting for the other side. See the [crate].
#[derive(Debug)]
pub struct Ring(Meeting);

impl Mechanism for Ring {
    const IN_IPC_NAMESPACE: bool = crate::IN_IPC_NAMESPACE;

    const PROFILE: Profile = crate::PROFILE;

    const VARIANT: Variant = Variant {
        name: "ring",
        type_path: "ipc_shm::Ring",
        summary: "a ring in each direction, futex to sleep",
        unit: Unit::Struct,
        limits: &[],
        reach: Reach::SameHost,
        persistence: Persistence::Kernel,
        remains: true,
        clients: Clients::One,
        server: None,
        lasting: None,
        shares: &[Shared::IpcNamespace],
    };

    type Options = Pages;
    type Link = RingLink<Attached>;

    fn create(address: Option<&str>, setup: &Setup<Pages>) -> Result<Self> {
        FreshSegment::create::<Self>(address, setup)?.open(Self::Link::LAYOUT).map(Self)
    }

    fn address(&self) -> String {
        self.0.address()
    }

    fn describe(&self) -> String {
        self.0.describe()
    }

    fn accept(&mut self, timeout: Duration) -> Result<Self::Link> {
        // Nothing is left to remove, so the ownership lock goes, and others may use the key.
        let (attachment, _ownership) = self.0.accept(timeout)?;
        Ok(RingLink::new(attachment))
    }

    fn join(address: &str, setup: &Setup<Pages>, timeout: Duration) -> Result<Self::Link> {
        meeting::join(address, setup, timeout, |_, _, region| RingLink::join(region))
    }

    fn reclaim(note: &Note) -> Result<()> {
        meeting::reclaim(note)
    }
}
