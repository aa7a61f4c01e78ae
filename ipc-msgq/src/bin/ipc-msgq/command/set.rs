//! `set`: owner, group, mode, capacity.

use clap::Args;
use ipc_core::Result;
use ipc_demo::units::parse_size_or_zero;
use ipc_msgq::Settings;
use nix::unistd::{Group, User};

use super::Status;
use super::name::{self, Name, parse_mode};

/// Change the owner, group, mode or capacity of a queue
#[derive(Args, Debug)]
#[group(id = "what", required = true, multiple = true, args = ["owner", "group", "mode", "qbytes"])]
pub struct SetArgs {
    #[command(flatten)]
    queue: Name,
    /// The user to whom the mode's first digit applies
    #[arg(long, value_name = "USER", value_parser = parse_user)]
    owner: Option<u32>,
    /// The group to which the mode's second digit applies
    #[arg(long, value_name = "GROUP", value_parser = parse_group)]
    group: Option<u32>,
    /// Permissions for owner, group and others: 4 to receive, 2 to send
    #[arg(short = 'p', long, value_name = "MODE", value_parser = parse_mode)]
    mode: Option<u32>,
    /// Capacity in bytes: 4096, 16K
    ///
    /// With 0 no process can send. More than kernel.msgmnb needs privilege.
    #[arg(long, visible_alias = "capacity", value_name = "BYTES", value_parser = parse_size_or_zero, allow_negative_numbers = true)]
    qbytes: Option<usize>,
}

impl SetArgs {
    pub fn run(self) -> Result<Status> {
        let queue = self.queue.open()?;
        let settings =
            Settings { owner: self.owner, group: self.group, mode: self.mode, capacity: self.qbytes };
        name::of(queue, queue.set(&settings))?;
        Ok(Status::Done)
    }
}

fn parse_user(text: &str) -> std::result::Result<u32, String> {
    let named = || User::from_name(text).ok().flatten().map(|user| user.uid.as_raw());
    number(text).or_else(named).ok_or_else(|| "expected the name or number of a user".into())
}

fn parse_group(text: &str) -> std::result::Result<u32, String> {
    let named = || Group::from_name(text).ok().flatten().map(|group| group.gid.as_raw());
    number(text).or_else(named).ok_or_else(|| "expected the name or number of a group".into())
}

/// Parses an id. The kernel takes all ones for "no change".
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|id| *id != u32::MAX)
}
