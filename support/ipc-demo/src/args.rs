//! The demos' command line, and the one-line error for a wrong one.

use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};
use ipc_core::{Error, Mechanism, Options, Result, Setup, Variant, Variants, Visitor, Wait};
use serde::{Deserialize, Serialize};

use super::USAGE;
use super::output::tell;
use crate::cpus::Cpus;
use crate::helper_process::Invitation;
use crate::units::{COUNTS, SIZES, TIMES, parse_count, parse_duration, parse_size};

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

/// The default time that `pong` waits for `ping`: enough to open a second terminal.
const PONG_TIMEOUT: Duration = Duration::from_secs(60);
/// The default time that `ping` waits for `pong`, and a parent for its child.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

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

/// The command line's knowledge of the variants.
#[derive(Default)]
struct Known {
    variants: Vec<Offer>,
}

/// A variant, and the names and help texts of its switches.
struct Offer {
    variant: Variant,
    switches: Vec<(&'static str, &'static str)>,
}

impl Visitor for Known {
    fn variant<M: Mechanism + 'static>(&mut self) {
        let switches = M::Options::SWITCHES.iter().map(|switch| (switch.name, switch.help)).collect();
        self.variants.push(Offer { variant: M::VARIANT, switches });
    }
}

impl Known {
    fn of<V: Variants>() -> Self {
        let mut known = Self::default();
        V::visit(&mut known);
        known
    }

    /// Returns the switches of all variants, each once, in order.
    fn switches(&self) -> Vec<(&'static str, &'static str)> {
        let mut switches: Vec<(&str, &str)> = Vec::new();
        for &(name, help) in self.variants.iter().flat_map(|offer| &offer.switches) {
            if switches.iter().all(|(known, _)| *known != name) {
                switches.push((name, help));
            }
        }
        switches
    }

    fn named(&self, name: &str) -> Option<&Offer> {
        self.variants.iter().find(|offer| offer.variant.name == name)
    }

    /// Returns the names of the variants for which `filter` holds.
    fn names(&self, filter: impl Fn(&Offer) -> bool) -> String {
        let names: Vec<_> =
            self.variants.iter().filter(|offer| filter(offer)).map(|offer| offer.variant.name).collect();
        names.join(", ")
    }
}

pub(super) fn parse<V: Variants>(more_help: &str) -> std::result::Result<Parsed, ExitCode> {
    let exit_status = if more_help.is_empty() { EXIT_STATUS } else { more_help };
    let mut command = command::<V>().after_help(format!("{WITHOUT_A_COMMAND}{exit_status}"));
    let matches = command.try_get_matches_from_mut(std::env::args_os()).map_err(|error| refuse(&error))?;
    understand::<V>(&matches).map_err(|error| super::report(Err(error)))
}

const WITHOUT_A_COMMAND: &str =
    "Without a command, it spawns its own peer process, runs the exchange and prints the result.\n";
const EXIT_STATUS: &str = "Exit status: 0 done, 1 failed, 2 wrong usage.";

/// Returns the whole command line of a mechanism's demo, for a program that extends it.
#[must_use]
pub fn command<V: Variants>() -> Command {
    let (profile, known) = (V::PROFILE, Known::of::<V>());
    let name = format!("ipc-{}", profile.name);
    let address_name = profile.address.unwrap_or("ADDRESS");
    let address =
        || Arg::new("address").value_name(address_name).help("Address where the two processes meet");
    let variants =
        known.variants.iter().map(|Offer { variant, .. }| format!("{} ({})", variant.name, variant.summary));
    let variants = format!("Variant of the mechanism: {}", variants.collect::<Vec<_>>().join(", "));
    let switches = known.switches().into_iter().map(|(name, help)| flag(name, help));
    let timeout = format!(
        "Longest wait for the peer, and for each of its messages: {TIMES} (default: pong 60, ping 10)"
    );
    Command::new(name)
        .version(env!("CARGO_PKG_VERSION"))
        .about(format!("Plays ping-pong between two processes through a {}", profile.title))
        .disable_help_subcommand(true)
        .subcommand(
            Command::new("pong")
                .about(
                    "Create the meeting point and answer; print the `ping` command for the other terminal",
                )
                .arg(address()),
        )
        .subcommand(
            Command::new("ping")
                .about(
                    "Join `pong` from another terminal and measure; without an address, find the `pong` that is waiting",
                )
                .arg(address()),
        )
        .args([
            option("count", "N", format!("Number of round trips: {COUNTS}"))
                .value_parser(parse_count)
                .default_value("10000"),
            option("size", "BYTES", format!("Message length: {SIZES}"))
                .value_parser(parse_size)
                .default_value("64"),
            option("wait", "STRATEGY", "Wait strategy: block, spin or hybrid")
                .value_parser(|text: &str| text.parse::<Wait>())
                .default_value("block"),
            option(
                "cpus",
                "PLACEMENT",
                "CPUs of the two processes: same, split, or two numbers A,B (default: split if there are two)",
            )
            .value_parser(|text: &str| text.parse::<Cpus>()),
            option("variant", "VARIANT", variants).default_value(known.variants[0].variant.name),
            option("timeout", "TIME", timeout).value_parser(parse_duration),
            flag("json", "Print the result as one JSON document"),
        ])
        .args(switches)
}

fn option(name: &'static str, value: &'static str, help: impl Into<String>) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help.into()).allow_negative_numbers(true).global(true)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help).global(true)
}

fn understand<V: Variants>(top: &ArgMatches) -> Result<Parsed> {
    let (name, matches) = top.subcommand().unwrap_or(("", top));
    let address = || matches.get_one::<String>("address").cloned();
    let (subcommand, timeout) = match name {
        "pong" => (Subcommand::Pong { address: address() }, PONG_TIMEOUT),
        "ping" => (Subcommand::Ping { address: address() }, PING_TIMEOUT),
        _ => (Subcommand::Both, PING_TIMEOUT),
    };
    if V::PROFILE.address.is_none() && matches!(subcommand, Subcommand::Pong { .. } | Subcommand::Ping { .. })
    {
        return Err(Error::Usage(format!(
            "a {0} has no name by which a process in another terminal could find it, as only a child inherits its ends: \
             run `ipc-{0}` without a command",
            V::PROFILE.name
        )));
    }
    let known = Known::of::<V>();
    let name = matches.get_one::<String>("variant").expect("it has a default");
    let offer = known.named(name).ok_or_else(|| {
        let (title, names) = (V::PROFILE.title, known.names(|_| true));
        Error::Usage(format!("invalid variant '{name}' of {title}: expected {names}"))
    })?;
    let chosen = known.switches().into_iter().map(|(name, _)| name).filter(|switch| matches.get_flag(switch));
    let switches: Vec<_> = chosen.collect();
    let takes = |offer: &Offer, switch| offer.switches.iter().any(|(name, _)| *name == switch);
    if let Some(switch) = switches.iter().find(|switch| !takes(offer, **switch)) {
        let others = known.names(|offer| takes(offer, *switch));
        return Err(Error::Usage(format!(
            "--{switch} does not apply to the variant {name}, only to {others}"
        )));
    }
    Ok(Parsed {
        subcommand,
        count: *matches.get_one("count").expect("it has a default"),
        size: *matches.get_one("size").expect("it has a default"),
        wait: *matches.get_one("wait").expect("it has a default"),
        cpus: matches.get_one("cpus").copied().unwrap_or_else(Cpus::available),
        variant: offer.variant.name,
        is_default_variant: offer.variant.name == known.variants[0].variant.name,
        switches,
        timeout: matches.get_one("timeout").copied().unwrap_or(timeout),
        json: matches.get_flag("json"),
    })
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
        None => &known.variants[0],
    };
    Ok(Parsed {
        subcommand: Subcommand::Invited { address: invitation.address()?.to_owned() },
        count: 0,
        size: 0,
        wait: wait.map_or(Ok(Wait::default()), |wait| wait.parse())?,
        cpus: cpus.unwrap_or_else(Cpus::available),
        variant: offer.variant.name,
        is_default_variant: offer.variant.name == known.variants[0].variant.name,
        switches: offer
            .switches
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| switches.iter().any(|switch| switch == name))
            .collect(),
        timeout: timeout.unwrap_or(PING_TIMEOUT),
        json: false,
    })
}

/// Prints clap's error and its suggestion in one line, or the requested help; returns the exit status.
#[must_use]
pub fn refuse(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let rendered = error.to_string();
    let mut lines = rendered.lines().map(str::trim);
    let wrong = lines.by_ref().take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let tips = lines.filter_map(|line| line.strip_prefix("tip: "));
    tell(&[&*wrong].into_iter().chain(tips).collect::<Vec<_>>().join("; "));
    ExitCode::from(USAGE)
}
