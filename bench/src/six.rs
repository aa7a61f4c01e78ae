//! The only place of the harness that names the six mechanisms.
//!
//! A mechanism is a type, so that its hot loops are compiled for it. The harness wants to choose one by name, and to
//! have all of them in a list. A [`Member`] is the bridge: a value that holds the few functions it needs, each
//! compiled for its mechanism.

use ipc_core::lease::{self, Sweep};
use ipc_core::{Error, Mechanism, Profile, Result};

use crate::Case;
use crate::in_place::{InPlace, Slots};
use crate::invited::{self, Invitation};
use crate::pair::{self, Stage};

/// One of the six.
#[derive(Debug)]
pub struct Member {
    /// Its row of the course's table.
    pub profile: Profile,
    /// Removes what dead processes left of it: [`lease::sweep_everywhere`].
    pub sweep: fn() -> Result<Sweep>,
    /// The owner's side of a [`Pair`](crate::Pair).
    pub(crate) ping: fn(Case, &Stage) -> Result<()>,
    /// The other side, in a process of its own.
    pub(crate) pong: fn(&Invitation) -> Result<()>,
    /// Both sides once more, where messages can be written and read in place.
    pub(crate) in_place: Option<InPlace>,
}

impl Member {
    const fn of<M: Mechanism>() -> Self {
        let (profile, sweep) = (M::PROFILE, lease::sweep_everywhere::<M>);
        Self { profile, sweep, ping: pair::ping::<M>, pong: invited::pong::<M>, in_place: None }
    }

    const fn with_ring<M: Mechanism<Link: Slots>>() -> Self {
        Self { in_place: Some(InPlace::of::<M>()), ..Self::of::<M>() }
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        self.profile.name == other.profile.name
    }
}

/// The six, in the order of the course.
pub static SIX: [Member; 6] = [
    Member::of::<ipc_pipe::Pipe>(),
    Member::of::<ipc_fifo::Fifo>(),
    Member::of::<ipc_msgq::Msgq>(),
    Member::with_ring::<ipc_shm::Shm>(),
    Member::with_ring::<ipc_mmap::Mmap>(),
    Member::of::<ipc_socket::Socket>(),
];

/// The member of that name.
///
/// # Errors
/// [`Usage`](Error::Usage): there is none.
pub fn member(name: &str) -> Result<&'static Member> {
    let found = SIX.iter().find(|member| member.profile.name == name);
    found.ok_or_else(|| Error::Usage(format!("no mechanism '{name}': {}", names())))
}

/// All names, for people.
#[must_use]
pub fn names() -> String {
    SIX.each_ref().map(|member| member.profile.name).join(", ")
}
