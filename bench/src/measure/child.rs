//! The start of a process that the harness has started itself: it plays the part that its command line says.

use std::process::ExitCode;

use ipc_demo::report;

use crate::measure::baseline::in_place::{self, InPlace};
use crate::measure::baseline::processes;
use crate::measure::clients::roles;
use crate::measure::ping_pong::{self, PongArguments};
use crate::measure::{sides, syscalls};

/// Plays its part to the end if this process was started by the harness: as the child of a
/// [`Pair`](crate::measure::pair::Pair), as a server or clients, or to be counted. A `main` calls this first, before it
/// looks at its own arguments.
#[must_use]
pub fn serve_if_invited() -> Option<ExitCode> {
    let args: Vec<_> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    if let Some(status) = processes::serve_if_invited(&args) {
        return Some(status);
    }
    if let Some(status) = roles::serve_if_invited(&args) {
        return Some(status);
    }
    if let Some(played) = syscalls::ptrace::play_if_told(&args) {
        return Some(report(played));
    }
    let [_, word, mechanism, variant, wait, cpus, address] = &args[..] else { return None };
    if word != ping_pong::PEER && word != in_place::PEER {
        return None;
    }
    let serve = || {
        let (wait, cpus) = (wait.parse()?, cpus.parse()?);
        let arguments = PongArguments { wait, cpus, address: address.clone() };
        match InPlace::find(mechanism, variant) {
            Some(in_place) if word == in_place::PEER => (in_place.pong)(&arguments),
            _ => (sides::find(mechanism, variant)?.pong)(&arguments),
        }
    };
    Some(report(serve()))
}
