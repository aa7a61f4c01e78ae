//! The processes: a server, or some of its clients.

use ipc_core::Result;
use ipc_demo::cpus::Role;
use ipc_demo::exchange::Usage;
use ipc_demo::helper_process::Invitation;

use super::part::{Part, Tally};
use super::servers;
use super::wire::{TurnOrder, TurnReport};
use crate::results::latency::Latency;

/// The role of a server.
pub(crate) const SERVER: &str = "server";
/// The role of a process that runs clients.
pub(crate) const CLIENTS: &str = "clients";

/// Serves, and reports its cost whenever it is asked, until the harness closes its end.
///
/// # Errors
/// The medium cannot be created.
pub(crate) fn serve(invitation: &Invitation) -> Result<()> {
    let part: Part = invitation.argument()?;
    part.get_ready(Role::Pong)?;
    // The created objects are removed at the end of this function, and the serving thread ends with the process.
    let (address, _made) = (servers::serving(&part.mechanism, &part.variant)?.serve)(&part)?;
    Invitation::answer(&address)?;
    for order in Invitation::orders::<()>() {
        order?;
        Invitation::answer(&Usage::of_process()?)?;
    }
    Ok(())
}

/// Joins the server with all clients of this process, and plays the orders.
///
/// # Errors
/// The clients cannot join, or their link fails.
pub(crate) fn call(invitation: &Invitation) -> Result<()> {
    let part: Part = invitation.argument()?;
    part.get_ready(Role::Ping)?;
    let mut clients = (servers::serving(&part.mechanism, &part.variant)?.join)(&part)?;
    Invitation::answer(&())?; // joined
    for order in Invitation::orders::<TurnOrder>() {
        let before = Usage::of_process()?;
        let Tally { counts, all, times } = clients.play(&order?)?;
        let spent = Usage::of_process()?.since(&before);
        Invitation::answer(&TurnReport { counts, all, times: Latency::of(&times, None), spent })?;
    }
    Ok(())
}
