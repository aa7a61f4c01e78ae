//! `set`: owner, group, mode, capacity.

use clap::Args;
use ipc_core::{Error, Result};
use ipc_msgq::Settings;
use nix::unistd::{Group, User};

use super::Outcome;
use super::name::{self, Name, parse_mode};
use super::text::parse_bytes;

/// Changes who owns a queue, who may use it, and how much it holds
#[derive(Args, Debug)]
#[group(id = "what", required = true, multiple = true, args = ["owner", "group", "mode", "qbytes"])]
pub struct Set {
    #[command(flatten)]
    queue: Name,
    /// The user whom the mode's first digit is about: a name or a number
    #[arg(long, value_name = "USER", value_parser = parse_user)]
    owner: Option<u32>,
    /// The group that the second digit is about: a name or a number
    #[arg(long, value_name = "GROUP", value_parser = parse_group)]
    group: Option<u32>,
    /// Who may receive (4) and send (2): owner, group, others
    #[arg(short = 'p', long, value_name = "MODE", value_parser = parse_mode)]
    mode: Option<u32>,
    /// How many bytes it holds: 4096, 16K; with 0 nobody can send. More than kernel.msgmnb takes privilege
    #[arg(long, visible_alias = "capacity", value_name = "BYTES", value_parser = parse_bytes, allow_negative_numbers = true)]
    qbytes: Option<usize>,
}

impl Set {
    pub fn run(self) -> Result<Outcome> {
        let queue = self.queue.open()?;
        let settings =
            Settings { owner: self.owner, group: self.group, mode: self.mode, capacity: self.qbytes };
        name::of(queue, queue.set(&settings))?;
        Ok(Outcome::Done)
    }
}

fn parse_user(text: &str) -> Result<u32> {
    let named = || User::from_name(text).ok().flatten().map(|user| user.uid.as_raw());
    number(text).or_else(named).ok_or_else(|| Error::Usage(format!("there is no user '{text}'")))
}

fn parse_group(text: &str) -> Result<u32> {
    let named = || Group::from_name(text).ok().flatten().map(|group| group.gid.as_raw());
    number(text).or_else(named).ok_or_else(|| Error::Usage(format!("there is no group '{text}'")))
}

/// Parses an id. The kernel takes all ones as "no one".
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|id| *id != u32::MAX)
}
