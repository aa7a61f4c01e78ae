//! Both sides of each variant of the six, compiled for its type.
//!
//! A variant is a type, so that its hot loops are compiled for it. The harness needs to choose one by name. `Sides` is
//! the bridge: a value that holds the few functions needed.

use std::sync::LazyLock;

use ipc_core::ownership::{self, Sweep};
use ipc_core::{Mechanism, Result, Visitor};
use ipc_demo::helper_process::Invitation;

use crate::measure::pair::{Pair, TaskChannel};
use crate::measure::ping_pong::{self, PongArguments};
use crate::results::case::Case;
use crate::results::registry::{self, Member};

/// The functions of a variant that the harness needs.
#[derive(Debug)]
struct Sides {
    mechanism: &'static str,
    variant: &'static str,
    /// The owner's side of a [`Pair`].
    ping: fn(Case, &TaskChannel) -> Result<()>,
    /// The other side, in a process of its own.
    pong: fn(&PongArguments, &str) -> Result<()>,
    /// Removes the objects that dead processes left of its mechanism.
    sweep: fn() -> Result<Sweep>,
}

static ALL: LazyLock<Vec<Sides>> = LazyLock::new(|| {
    let mut all = Collected(Vec::new());
    registry::visit_all(&mut all);
    all.0
});

struct Collected(Vec<Sides>);

impl Visitor for Collected {
    fn variant<M: Mechanism + 'static>(&mut self) {
        self.0.push(Sides {
            mechanism: M::PROFILE.name,
            variant: M::VARIANT.name,
            ping: ping_pong::ping::<M>,
            pong: ping_pong::pong::<M>,
            sweep: ownership::sweep_everywhere::<M>,
        });
    }
}

/// Returns the sides of a variant.
///
/// # Errors
/// [`Usage`](ipc_core::Error::Usage): there is no such mechanism, or it has no such variant.
fn find(mechanism: &str, variant: &str) -> Result<&'static Sides> {
    registry::member(mechanism)?.variant(variant)?;
    let found = ALL.iter().find(|sides| (sides.mechanism, sides.variant) == (mechanism, variant));
    Ok(found.expect("all variants are visited"))
}

/// Starts the two processes of a case, and waits until the child has joined.
///
/// # Errors
/// Any error that keeps the two from connecting.
pub fn start(case: Case) -> Result<Pair> {
    let ping = find(case.member.profile.name, case.variant)?.ping;
    Pair::on_thread(move |channel| ping(case, channel))
}

/// Plays the child's part.
///
/// # Errors
/// As the transport.
pub(crate) fn serve(invitation: &Invitation) -> Result<()> {
    let part: PongArguments = invitation.argument()?;
    (find(&part.mechanism, &part.variant)?.pong)(&part, invitation.address()?)
}

/// Removes the objects that dead processes left of a mechanism: [`ownership::sweep_everywhere`].
///
/// # Errors
/// As [`ownership::sweep`].
pub fn sweep(member: &Member) -> Result<Sweep> {
    // All variants of a mechanism note their objects in the same place.
    let sides = ALL.iter().find(|sides| sides.mechanism == member.profile.name);
    (sides.expect("all variants are visited").sweep)()
}
