//! The objects through which the two sides of an exchange by bare calls talk.

use std::os::fd::OwnedFd;
use std::time::Duration;

use ipc_core::ownership::OwnershipLock;
use ipc_demo::exchange::Workload;

/// The objects of one process: descriptors, and the number of an object that has none.
#[derive(Debug, Default)]
pub(super) struct BareEnds {
    pub(super) descriptors: Vec<OwnedFd>,
    pub(super) number: i32,
}

/// Both ends of a mechanism.
#[derive(Debug)]
pub(super) struct BothEnds {
    pub(super) ping: BareEnds,
    pub(super) pong: BareEnds,
    /// Removes an object that would outlive its users.
    pub(super) ownership: Option<OwnershipLock>,
}

/// Plays one order by bare calls and returns its time: on ping for a round trip, on pong for a stream.
pub(super) type BareSide = Box<dyn FnMut(&Workload) -> nix::Result<Duration>>;
