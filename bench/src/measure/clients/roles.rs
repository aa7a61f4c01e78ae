//! The processes: a server, or some of its clients.

use std::process::ExitCode;

use ipc_core::Result;
use ipc_demo::cpus::Role;
use ipc_demo::exchange::Usage;
use ipc_demo::report;

use super::part::{Part, Tally};
use super::servers;
use super::wire::{self, TurnOrder, TurnReport};
use crate::results::latency::Latency;

/// The first argument of a server.
pub(super) const SERVER: &str = "clients-server";
/// The first argument of a process that runs clients.
pub(super) const CLIENTS: &str = "clients";

/// Serves, and reports its cost whenever it is asked, until the harness closes its end.
fn serve(part: &Part) -> Result<()> {
    part.get_ready(Role::Pong)?;
    // The created objects are removed at the end of this function, and the serving thread ends with the process.
    let (address, _made) = (servers::serving(&part.mechanism, &part.variant)?.serve)(part)?;
    wire::say(&format!("{address}\n"))?;
    for _ in wire::orders() {
        wire::say(&wire::line(&Usage::of_process()?))?;
    }
    Ok(())
}

/// Joins the server with all clients of this process, and plays the orders.
fn call(part: &Part) -> Result<()> {
    part.get_ready(Role::Ping)?;
    let mut clients = (servers::serving(&part.mechanism, &part.variant)?.join)(part)?;
    wire::say("joined\n")?;
    for line in wire::orders() {
        let order: TurnOrder = wire::read(&line)?;
        let before = Usage::of_process()?;
        let Tally { counts, all, times } = clients.play(&order)?;
        let spent = Usage::of_process()?.since(&before);
        wire::say(&wire::line(&TurnReport { counts, all, times: Latency::of(&times, None), spent }))?;
    }
    Ok(())
}

/// Plays its part to the end if this process was started as a server or as clients.
#[must_use]
pub(crate) fn serve_if_invited(args: &[String]) -> Option<ExitCode> {
    let (word, rest) = args.get(1..)?.split_first()?;
    let play = match word.as_str() {
        SERVER => serve,
        CLIENTS => call,
        _ => return None,
    };
    Some(report(Part::of(rest).and_then(|part| play(&part))))
}
