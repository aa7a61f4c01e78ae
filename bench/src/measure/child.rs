//! The child of a pair: what its command line tells it, and the code that it runs.

use std::process::ExitCode;

use ipc_core::{Mechanism, Result, Setup, Wait, Waiting};
use ipc_demo::cpus::{Cpus, Role};
use ipc_demo::exchange;
use ipc_demo::{interrupt, report};

use crate::measure::baseline::in_place::{self, InPlace};
use crate::measure::baseline::stage;
use crate::measure::clients::roles;
use crate::measure::pair::{PATIENCE, PEER};
use crate::measure::registry::member;
use crate::measure::syscalls;

/// The contents of a child's command line.
#[derive(Debug)]
pub(crate) struct Invitation {
    pub(crate) wait: Wait,
    pub(crate) cpus: Cpus,
    pub(crate) address: String,
}

/// Runs the child: joins its parent and answers.
pub(crate) fn pong<M: Mechanism>(invitation: &Invitation) -> Result<()> {
    interrupt::clean_up_on_signals()?;
    invitation.cpus.bind(Role::Pong)?;
    let link = M::join(&invitation.address, &Setup::default(), PATIENCE)?;
    exchange::pong(&mut Waiting::new(link, invitation.wait), |_| {}).map(drop)
}

/// Plays pong to the end if this process was started as the child of a [`Pair`](crate::measure::pair::Pair). A `main` calls this
/// first, before it looks at its own arguments.
#[must_use]
pub fn serve_if_invited() -> Option<ExitCode> {
    let args: Vec<_> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    if let Some(status) = stage::serve_if_invited(&args) {
        return Some(status);
    }
    if let Some(status) = roles::serve_if_invited(&args) {
        return Some(status);
    }
    if let Some(played) = syscalls::play_if_told(&args) {
        return Some(report(played));
    }
    let [_, word, mechanism, variant, wait, cpus, address] = &args[..] else { return None };
    if word != PEER && word != in_place::PEER {
        return None;
    }
    let serve = || {
        let (wait, cpus) = (wait.parse()?, cpus.parse()?);
        let invitation = Invitation { wait, cpus, address: address.clone() };
        match InPlace::find(mechanism, variant) {
            Some(in_place) if word == in_place::PEER => (in_place.pong)(&invitation),
            _ => (member(mechanism)?.way(variant)?.pong)(&invitation),
        }
    };
    Some(report(serve()))
}
