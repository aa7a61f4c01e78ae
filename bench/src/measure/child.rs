//! The start of a process that the harness has started itself, and its role.

use std::process::ExitCode;

use ipc_core::Error;
use ipc_demo::helper_process::Invitation;
use ipc_demo::report;

use crate::measure::baseline::{in_place, processes};
use crate::measure::clients::roles;
use crate::measure::syscalls::ptrace;
use crate::measure::{ping_pong, sides};

/// Plays its part to the end if this process was started by the harness: as the child of a
/// [`Pair`](crate::measure::pair::Pair), as a server or clients, or to be counted. A `main` calls this first, before it
/// looks at its own arguments.
#[must_use]
pub fn serve_if_invited() -> Option<ExitCode> {
    let invitation = Invitation::of_this_process()?;
    Some(report(match invitation.role.as_str() {
        ping_pong::PONG => sides::serve(&invitation),
        in_place::PONG => in_place::serve(&invitation),
        processes::PING | processes::PONG => processes::serve(&invitation),
        roles::SERVER => roles::serve(&invitation),
        roles::CLIENTS => roles::call(&invitation),
        ptrace::COUNTED => ptrace::serve(&invitation),
        role => Err(Error::Usage(format!("invalid role '{role}' of a helper"))),
    }))
}
