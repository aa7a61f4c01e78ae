//! The processes at both ends: this program, started again. Each is given orders and answers them, by the pipes of
//! [`Control`], and ends when the process that started it does, even in the middle of a measurement.

use std::process;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use ipc_core::{Call as _, Error, Result};
use ipc_demo::helper_process::{Control, Invitation};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{hosts, local};

/// Plays the part of this process, if it was started for one. A `main` calls this first.
#[must_use]
pub fn serve_if_invited() -> Option<Result<()>> {
    let invitation = Invitation::of_this_process()?;
    let served = match invitation.role.as_str() {
        local::PONG => local::serve(&invitation),
        hosts::SEND | hosts::RECEIVE => hosts::serve(&invitation),
        role => Err(Error::Usage(format!("invalid role '{role}' of a helper"))),
    };
    // The error is an answer: the process that gave the orders prints it, beside what it was about.
    if let Err(error) = &served {
        let _ = answer::<()>(Err(error)); // if that process is gone, it needs none
    }
    Some(Ok(()))
}

/// Returns the orders of the process that started this one.
pub(crate) fn orders<T: DeserializeOwned + Send + 'static>() -> Result<Receiver<Result<T>>> {
    let (sender, orders) = mpsc::channel();
    let read = move || {
        Invitation::orders().for_each(|order| drop(sender.send(order)));
        process::exit(0); // that process has ended, or needs this one no longer
    };
    thread::Builder::new().name("orders".into()).spawn(read).call("clone")?;
    Ok(orders)
}

/// Answers the process that started this one.
pub(crate) fn answer<T: Serialize>(answer: std::result::Result<T, &Error>) -> Result<()> {
    Invitation::answer(&answer.map_err(ToString::to_string))
}

/// Waits for an answer of a helper that is at `doing`.
pub(crate) fn answered<T: DeserializeOwned>(
    control: &mut Control,
    doing: &str,
    patience: Duration,
) -> Result<T> {
    let answer: Option<std::result::Result<T, String>> = control.receive(patience)?;
    let late =
        || Error::TimedOut { what: format!("no answer of the process that {doing}"), waited: patience };
    answer.ok_or_else(late)?.map_err(Error::Refused)
}
