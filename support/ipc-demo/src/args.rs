//! The demos' command line, and what it means.

mod definition;
mod known;

use std::ffi::OsStr;
use std::time::Duration;

use clap::ArgMatches;
use ipc_core::{Error, Mechanism, Options as _, Result, Setup, Variants, Wait};
use serde::{Deserialize, Serialize};

use crate::cpus::{Cpus, Role};
use crate::helper_process::Invitation;
use crate::units::parse_duration;
use definition::PING_TIMEOUT;
pub use definition::command;
use known::Known;

/// A valid command line.
#[derive(Debug)]
pub(super) struct Parsed {
    pub subcommand: Subcommand,
    pub count: u64,
    pub size: usize,
    pub wait: Wait,
    pub cpus: Cpus,
    /// The variant's name.
    pub variant: &'static str,
    /// True if the demo runs this variant by default.
    pub is_default_variant: bool,
    /// The names of the variant's options that are switched on.
    pub switches: Vec<&'static str>,
    pub timeout: Duration,
    pub json: bool,
}

/// The part of this process in the exchange.
#[derive(Debug)]
pub(super) enum Subcommand {
    /// The parent, which will spawn its peer.
    Both,
    /// Makes the meeting point and answers.
    Pong { address: Option<String> },
    /// Joins the meeting point, sends first and measures.
    Ping { address: Option<String> },
    /// The child of `Both`: joins and answers.
    Invited { address: String },
}

/// The role of the child that [`Subcommand::Both`] spawns.
pub(super) const PONG: &str = "pong";

/// The argument of that child. What is missing has the command line's default.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PongArgument {
    pub variant: Option<String>,
    pub switches: Vec<String>,
    pub wait: Option<String>,
    pub cpus: Option<Cpus>,
    pub timeout: Option<Duration>,
}

impl Parsed {
    /// Returns the argument for the child, whose CPUs are `cpus`.
    pub(super) fn for_pong(&self, cpus: Cpus) -> PongArgument {
        PongArgument {
            variant: Some(self.variant.to_owned()),
            switches: self.switches.iter().map(|&switch| switch.to_owned()).collect(),
            wait: Some(self.wait.name().to_owned()),
            cpus: Some(cpus),
            timeout: Some(self.timeout),
        }
    }

    /// Returns the setup for variant `M`.
    pub(super) fn setup<M: Mechanism>(&self) -> Setup<M::Options> {
        let mut setup = Setup::<M::Options>::default();
        for switch in M::Options::SWITCHES.iter().filter(|switch| self.switches.contains(&switch.name)) {
            *(switch.field)(&mut setup.options) = true;
        }
        setup
    }
}

/// Returns what the command line of this process means.
///
/// # Errors
/// [`Usage`](Error::Usage): its options do not go together, or not with this machine.
pub(super) fn understand<V: Variants>(top: &ArgMatches) -> Result<Parsed> {
    let (name, matches) = top.subcommand().unwrap_or(("", top));
    let address = || matches.get_one::<String>("address").cloned();
    let (subcommand, roles) = match name {
        "pong" => (Subcommand::Pong { address: address() }, &[Role::Pong][..]),
        "ping" => (Subcommand::Ping { address: address() }, &[Role::Ping][..]),
        _ => (Subcommand::Both, &[Role::Ping, Role::Pong][..]),
    };
    let known = Known::of::<V>();
    let cpus = matches.get_one("cpus").copied().unwrap_or_else(Cpus::available);
    for &role in roles {
        cpus.cpu(role)?;
    }
    let name = matches.get_one::<String>("variant").expect("it has a default");
    let offer = known.named(name).expect("it is one of the possible values");
    let is_on = |switch: &str| matches.try_get_one(switch).is_ok_and(|on| on == Some(&true));
    let switches: Vec<_> =
        known.switches().iter().map(|switch| switch.name).filter(|name| is_on(name)).collect();
    if let Some(switch) = switches.iter().find(|switch| !offer.takes(switch)) {
        let (name, others) = (offer.variant.name, known.takers(switch));
        return Err(Error::Usage(format!(
            "--{switch} does not apply to the variant {name}, only to {others}"
        )));
    }
    // Only the side that measures has these.
    let count = matches.try_get_one("count").ok().flatten().copied();
    let size = matches.try_get_one("size").ok().flatten().copied();
    Ok(Parsed {
        subcommand,
        count: count.unwrap_or(0),
        size: size.unwrap_or(0),
        wait: *matches.get_one("wait").expect("it has a default"),
        cpus,
        variant: offer.variant.name,
        is_default_variant: offer.variant.name == known.default_variant().variant.name,
        switches,
        timeout: *matches.get_one("timeout").expect("it has a default"),
        json: matches.get_flag("json"),
    })
}

/// Refuses the commands of a mechanism that has no address, though they are not in its help: they are those of the others.
pub(super) fn check_command<V: Variants>(word: Option<&OsStr>) -> Result<()> {
    let is_side = word.is_some_and(|word| word == "pong" || word == "ping");
    if V::PROFILE.address.is_some() || !is_side {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "a {0} has no name by which a process in another terminal could find it, as only a child inherits its ends: \
         run `ipc-{0}` without a command; try 'ipc-{0} --help'",
        V::PROFILE.name
    )))
}

/// Returns what the child of another demo was told, as if by a command line.
pub(super) fn invited<V: Variants>(invitation: &Invitation) -> Result<Parsed> {
    if invitation.role != PONG {
        return Err(Error::Usage(format!("invalid role '{}': expected {PONG}", invitation.role)));
    }
    let PongArgument { variant, switches, wait, cpus, timeout } = invitation.argument()?;
    let known = Known::of::<V>();
    let offer = match &variant {
        Some(name) => known.named(name).ok_or_else(|| Error::Usage(format!("invalid variant '{name}'")))?,
        None => known.default_variant(),
    };
    Ok(Parsed {
        subcommand: Subcommand::Invited { address: invitation.address()?.to_owned() },
        count: 0,
        size: 0,
        wait: wait.map_or(Ok(Wait::default()), |wait| wait.parse())?,
        cpus: cpus.unwrap_or_else(Cpus::available),
        variant: offer.variant.name,
        is_default_variant: offer.variant.name == known.default_variant().variant.name,
        switches: offer
            .switches
            .iter()
            .map(|switch| switch.name)
            .filter(|name| switches.iter().any(|switch| switch == name))
            .collect(),
        timeout: timeout.map_or_else(|| parse_duration(PING_TIMEOUT).map_err(Error::Usage), Ok)?,
        json: false,
    })
}
