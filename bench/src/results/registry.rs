//! The six mechanisms, and the facts about them and their variants. The only place in the harness that lists the
//! crates.

use std::sync::LazyLock;

use ipc_core::{Error, Mechanism, Profile, Result, Variant, Variants, Visitor};

use crate::results::units::alternatives;

/// One of the six mechanisms.
#[derive(Debug)]
pub struct Member {
    /// Its row of the course's table.
    pub profile: Profile,
    variants: Vec<Variant>,
}

/// The six mechanisms, in the order of the course.
pub static SIX: LazyLock<Vec<Member>> = LazyLock::new(|| {
    let mut members = Members(Vec::new());
    visit_all(&mut members);
    members.0
});

/// Visits each variant of each mechanism: with code that is compiled for its type.
pub fn visit_all(visitor: &mut impl Visitor) {
    ipc_pipe::Variants::visit(visitor);
    ipc_fifo::Variants::visit(visitor);
    ipc_msgq::Variants::visit(visitor);
    ipc_shm::Variants::visit(visitor);
    ipc_mmap::Variants::visit(visitor);
    ipc_socket::Variants::visit(visitor);
}

impl Member {
    /// Returns its variants, the default first.
    pub fn variants(&self) -> impl Iterator<Item = &Variant> {
        self.variants.iter()
    }

    /// Returns the variant of that name.
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): the mechanism has no variant of that name.
    pub fn variant(&self, name: &str) -> Result<&Variant> {
        let found = self.variants().find(|variant| variant.name == name);
        found.ok_or_else(|| Error::Usage(format!("invalid variant '{name}' of {}", self.profile.title)))
    }
}

/// Collects the variants of each mechanism.
struct Members(Vec<Member>);

impl Visitor for Members {
    fn variant<M: Mechanism + 'static>(&mut self) {
        match self.0.last_mut() {
            Some(member) if member.profile.name == M::PROFILE.name => member.variants.push(M::VARIANT),
            _ => self.0.push(Member { profile: M::PROFILE, variants: vec![M::VARIANT] }),
        }
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
    found.ok_or_else(|| Error::Usage(format!("invalid mechanism '{name}': expected {}", names())))
}

/// Returns all names, for people.
#[must_use]
pub fn names() -> String {
    let names: Vec<_> = SIX.iter().map(|member| member.profile.name).collect();
    alternatives(&names)
}

/// Returns each variant of each mechanism, in the order of the course.
pub fn all() -> impl Iterator<Item = (&'static Member, &'static Variant)> {
    SIX.iter().flat_map(|member| member.variants().map(move |variant| (member, variant)))
}
