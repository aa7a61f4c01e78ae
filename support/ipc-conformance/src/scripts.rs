//! The scripts of a case's other process: how it is started, and the messages that both sides know.

use std::process::Command;
use std::thread;
use std::time::Duration;

use ipc_core::{Error, Mechanism, Receiver, Result, Wait};
use ipc_demo::exchange::Payload;
use ipc_demo::helper_process;
use serde::{Deserialize, Serialize};

/// The role of a peer that joins, at an address.
pub(super) const JOINER: &str = "joiner";
/// The role of an owner, which spawns a joiner itself.
pub(super) const OWNER: &str = "owner";

/// The argument of both.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) variant: String,
    pub(super) wait: String,
    pub(super) script: String,
}

/// The script of an owner that only makes a meeting point and leaves.
pub(super) const CREATE: &str = "create";

/// The environment variable with the file in which a peer reports how its script ended, for a case that cannot see its
/// exit status.
pub(super) const REPORT: &str = "CONFORMANCE_REPORT";

/// The script of a peer that sends its longest messages.
pub(super) const LONGEST: &str = "longest";

/// The end of a series of numbered messages.
pub(super) const LAST: &[u8] = b"that was the last";
/// The answer of `collect`.
pub(super) const ALL_THERE: &[u8] = b"all there";

const VERIFY: Payload = Payload { verify: true };

/// Returns the command of a peer in `role`.
pub(super) fn command<M: Mechanism>(role: &str, wait: Wait, script: &str) -> Command {
    let part = Part { variant: M::VARIANT.name.into(), wait: wait.name().into(), script: script.into() };
    helper_process::command(role, &part).expect("/proc is mounted")
}

/// Returns message number `number` of an `emit`: of varying length, with a checksum.
pub(super) fn numbered(number: u64) -> Vec<u8> {
    let mut message = vec![0; (number as usize * 37) % 300];
    VERIFY.write(number, &mut message);
    message
}

/// Returns message number `number` of a `longest`, on a link that carries `max` bytes: quick to make, and with a period
/// that no buffer has.
pub(super) fn longest(number: u64, max: usize) -> Vec<u8> {
    const PERIOD: u8 = 251;
    let period: Vec<u8> = (0..PERIOD).map(|at| at.wrapping_add(number as u8)).collect();
    let mut message = period.repeat(max.div_ceil(period.len()));
    message.truncate(max);
    message
}

/// Receives a message that must be [`numbered`] `number`.
pub(super) fn check_numbered(link: &mut impl Receiver, number: u64) -> Result<()> {
    let mut buffer = [0; 400];
    let len = link.recv(&mut buffer)?;
    if buffer[..len] == numbered(number) {
        Ok(())
    } else {
        Err(Error::Corrupt("another message than was sent"))
    }
}

/// Checks the result of a script that waits for its peer's end.
pub(super) fn disconnected<T>(answer: Result<T>) -> Result<()> {
    match answer {
        Err(Error::Disconnected) => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(Error::Corrupt("a message where the end was due")),
    }
}

/// Does nothing until this process or its parent is killed.
pub(super) fn idle() {
    let parent = nix::unistd::getppid();
    while nix::unistd::getppid() == parent {
        thread::sleep(Duration::from_millis(20));
    }
}
