//! The only place in the harness that names the six mechanisms.
//!
//! A variant is a type, so that its hot loops are compiled for it. The harness needs to choose one by name, and to have
//! all of them in a list. A [`Member`] is the bridge: a value that holds the few functions needed, each compiled for
//! its variant.

use std::sync::LazyLock;

use ipc_core::ownership::{self, Sweep};
use ipc_core::{Error, Mechanism, Profile, Result, Variant, Variants, Visitor};

use crate::measure::baseline::in_place::InPlace;
use crate::measure::child::{self, Invitation};
use crate::measure::pair::{self, Stage};
use crate::results::case::Case;

/// One of the six mechanisms.
#[derive(Debug)]
pub struct Member {
    /// Its row of the course's table.
    pub profile: Profile,
    /// Removes the objects that dead processes left of it: [`ownership::sweep_everywhere`].
    pub sweep: fn() -> Result<Sweep>,
    ways: Vec<Way>,
}

/// A variant of a mechanism.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) variant: Variant,
    /// The owner's side of a [`Pair`](crate::measure::pair::Pair).
    pub(crate) ping: fn(Case, &Stage) -> Result<()>,
    /// The other side, in a process of its own.
    pub(crate) pong: fn(&Invitation) -> Result<()>,
}

/// The six mechanisms, in the order of the course.
pub static SIX: LazyLock<[Member; 6]> = LazyLock::new(|| {
    [
        Member::of::<ipc_pipe::Variants>(),
        Member::of::<ipc_fifo::Variants>(),
        Member::of::<ipc_msgq::Variants>(),
        Member::of::<ipc_shm::Variants>(),
        Member::of::<ipc_mmap::Variants>(),
        Member::of::<ipc_socket::Variants>(),
    ]
});

/// The variants whose messages can be written and read in place.
pub(crate) static IN_PLACE: [InPlace; 4] = [
    InPlace::of::<ipc_shm::Ring>(),
    InPlace::of::<ipc_shm::Posix>(),
    InPlace::of::<ipc_mmap::File>(),
    InPlace::of::<ipc_mmap::Memfd>(),
];

impl Member {
    fn of<V: Variants>() -> Self {
        let mut ways = Ways { ways: Vec::new(), sweep: || Ok(Sweep::default()) };
        V::visit(&mut ways);
        Self { profile: V::PROFILE, sweep: ways.sweep, ways: ways.ways }
    }

    /// Returns its variants, the default first.
    pub fn variants(&self) -> impl Iterator<Item = &Variant> {
        self.ways.iter().map(|way| &way.variant)
    }

    /// Returns the variant of that name.
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): the mechanism has no variant of that name.
    pub(crate) fn way(&self, variant: &str) -> Result<&Way> {
        let found = self.ways.iter().find(|way| way.variant.name == variant);
        found.ok_or_else(|| Error::Usage(format!("{} has no variant '{variant}'", self.profile.title)))
    }
}

/// Collects the variants of a mechanism.
struct Ways {
    ways: Vec<Way>,
    /// The sweep of the mechanism: all of its variants note their objects in the same place.
    sweep: fn() -> Result<Sweep>,
}

impl Visitor for Ways {
    fn variant<M: Mechanism + 'static>(&mut self) {
        self.sweep = ownership::sweep_everywhere::<M>;
        self.ways.push(Way { variant: M::VARIANT, ping: pair::ping::<M>, pong: child::pong::<M> });
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        self.profile.name == other.profile.name
    }
}

/// Returns the mechanism of that name.
///
/// # Errors
/// [`Usage`](Error::Usage): there is none.
pub fn member(name: &str) -> Result<&'static Member> {
    let found = SIX.iter().find(|member| member.profile.name == name);
    found.ok_or_else(|| Error::Usage(format!("no mechanism '{name}': {}", names())))
}

/// Returns all names, for people.
#[must_use]
pub fn names() -> String {
    SIX.each_ref().map(|member| member.profile.name).join(", ")
}
