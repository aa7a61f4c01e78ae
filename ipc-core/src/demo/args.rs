//! What can be said on the command line, and what is wrong with what was said, in one line.

use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::USAGE;
use super::narrator::tell;
use crate::cpus::Cpus;
use crate::{Error, Mechanism, Medium, Setup, Unit, Wait};

/// A command line that made sense.
#[derive(Debug)]
pub(super) struct Parsed {
    pub side: Side,
    pub count: u64,
    pub size: usize,
    pub wait: Wait,
    pub cpus: Cpus,
    pub setup: Setup,
    pub timeout: Duration,
    pub json: bool,
}

/// Which process this is.
#[derive(Debug)]
pub(super) enum Side {
    /// The parent, which will spawn its peer.
    Both,
    /// Makes the meeting point and answers.
    Pong { address: Option<String> },
    /// Joins the meeting point, sends first and measures.
    Ping { address: Option<String> },
    /// The child of `Both`: joins and answers.
    Invited { address: String },
}

/// How long `pong` waits for `ping`, unless told otherwise: time to open a second terminal.
const PONG_TIMEOUT: Duration = Duration::from_secs(60);
/// How long `ping` waits for `pong`, and a parent for its child.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn parse<M: Mechanism>(more_help: &str) -> Result<Parsed, ExitCode> {
    let exit_status = if more_help.is_empty() { EXIT_STATUS } else { more_help };
    let mut command = command::<M>().after_help(format!("{WITHOUT_A_COMMAND}{exit_status}"));
    let matches = command.try_get_matches_from_mut(std::env::args_os()).map_err(|error| refuse(&error))?;
    understand::<M>(&matches).map_err(|error| super::report(Err(error)))
}

const WITHOUT_A_COMMAND: &str =
    "Without a command it spawns its own peer process, plays, and prints the result.\n";
const EXIT_STATUS: &str = "Exit status: 0 done, 1 failed, 2 wrong usage.";

/// All that the demo of mechanism `M` understands, for a program that has more and wants to describe the whole.
#[must_use]
pub fn command<M: Mechanism>() -> Command {
    let profile = M::PROFILE;
    let name = format!("ipc-{}", profile.name);
    let address_name = profile.address.unwrap_or("ADDRESS");
    let address = || Arg::new("address").value_name(address_name).help("Where the two meet");
    let variants = profile.variants.iter().map(|variant| format!("{} ({})", variant.name, variant.summary));
    let variants = format!("How it is built: {}", variants.collect::<Vec<_>>().join(", "));
    let timeout =
        "How long to wait for the other side, and for each of its messages (default: pong 60, ping 10)";
    Command::new(name)
        .version(env!("CARGO_PKG_VERSION"))
        .about(format!("Plays ping-pong between two processes through a {}", profile.title))
        .disable_help_subcommand(true)
        .subcommand(
            Command::new("pong")
                .about(
                    "Makes the meeting point and answers; prints the `ping` command for the other terminal",
                )
                .arg(address()),
        )
        .subcommand(
            Command::new("ping")
                .about(
                    "Joins `pong` from another terminal and measures; without an address, the one that waits",
                )
                .arg(address()),
        )
        .subcommand(Command::new("invited").hide(true).arg(address().required(true)))
        .args([
            option("count", "N", "How many round trips").value_parser(parse_count).default_value("10000"),
            option("size", "BYTES", "Length of each message: 64, 4K, 1M")
                .value_parser(parse_size)
                .default_value("64"),
            option("wait", "STRATEGY", "How to wait: block, spin or hybrid")
                .value_parser(|text: &str| text.parse::<Wait>())
                .default_value("block"),
            option(
                "cpus",
                "PLACEMENT",
                "Where the two run: same, split, or two CPU numbers A,B (default: split if there are two)",
            )
            .value_parser(|text: &str| text.parse::<Cpus>()),
            option("variant", "VARIANT", variants).default_value(profile.variants[0].name),
            option("timeout", "SECONDS", timeout).value_parser(parse_seconds),
            flag("json", "Print the result as one JSON document"),
            flag("keep", "Leave the mapped file behind (memory map at an address of its own)"),
            flag("huge-pages", "Pages of 2 MiB (shared memory, memory map; where the system has some)"),
            flag("populate", "Make all pages before the first message (shared memory, memory map)"),
        ])
}

fn option(name: &'static str, value: &'static str, help: impl Into<String>) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help.into()).allow_negative_numbers(true).global(true)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help).global(true)
}

fn understand<M: Mechanism>(top: &ArgMatches) -> crate::Result<Parsed> {
    let (name, matches) = top.subcommand().unwrap_or(("", top));
    let address = || matches.get_one::<String>("address").cloned();
    let (side, timeout) = match name {
        "pong" => (Side::Pong { address: address() }, PONG_TIMEOUT),
        "ping" => (Side::Ping { address: address() }, PING_TIMEOUT),
        "invited" => (Side::Invited { address: address().expect("clap requires it") }, PING_TIMEOUT),
        _ => (Side::Both, PING_TIMEOUT),
    };
    if M::PROFILE.address.is_none() && matches!(side, Side::Pong { .. } | Side::Ping { .. }) {
        return Err(Error::Usage(format!(
            "a {0} has no name by which a process in another terminal could find it; only a child inherits its ends: \
             run `ipc-{0}` alone",
            M::PROFILE.name
        )));
    }
    let get = |name| matches.get_one::<String>(name).expect("it has a default");
    let mut setup = Setup::default_of::<M>().with_variant::<M>(get("variant"))?;
    setup.keep = matches.get_flag("keep");
    if setup.keep && M::PROFILE.medium != Medium::FileAndMemory {
        return Err(Error::Usage(format!("--keep: only a mapped file can be kept, no {}", M::PROFILE.title)));
    }
    (setup.huge_pages, setup.populate) = (matches.get_flag("huge-pages"), matches.get_flag("populate"));
    if (setup.huge_pages || setup.populate) && !matches!(M::PROFILE.unit, Unit::Struct | Unit::Page) {
        return Err(Error::Usage(format!(
            "--huge-pages, --populate: there are pages only in mapped memory, none in a {}",
            M::PROFILE.title
        )));
    }
    Ok(Parsed {
        side,
        count: *matches.get_one("count").expect("it has a default"),
        size: *matches.get_one("size").expect("it has a default"),
        wait: *matches.get_one("wait").expect("it has a default"),
        cpus: matches.get_one("cpus").copied().unwrap_or_else(Cpus::available),
        setup,
        timeout: matches.get_one("timeout").copied().unwrap_or(timeout),
        json: matches.get_flag("json"),
    })
}

/// Shows what clap found wrong and what it would rather have, in one line, or the help that was asked for; returns the
/// exit status.
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

/// A length in bytes: `64`, `4K`, `1M`, with powers of 1024.
///
/// # Errors
/// The text is no such length, or 0.
pub fn parse_size(text: &str) -> Result<usize, String> {
    let (digits, unit) = match text.to_ascii_uppercase().strip_suffix(['K', 'M', 'G']) {
        Some(digits) => (digits.to_owned(), &text[digits.len()..]),
        None => (text.to_owned(), ""),
    };
    let unit: usize = match unit {
        "" => 1,
        "K" | "k" => 1 << 10,
        "M" | "m" => 1 << 20,
        _ => 1 << 30,
    };
    let size = digits.parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
    match size {
        Some(0) => Err("a message to play with has at least 1 byte".into()),
        Some(size) => Ok(size),
        None => Err("not a length in bytes, as in 64, 4K or 1M".into()),
    }
}

/// How many: a whole number of at least 1.
///
/// # Errors
/// The text is no such number.
pub fn parse_count(text: &str) -> Result<u64, String> {
    let count = text.parse().ok().filter(|&count| count > 0);
    count.ok_or_else(|| "not a whole number of at least 1, as in 10000".into())
}

/// A whole number from 1 to `most`.
///
/// # Errors
/// The text is no such number.
pub fn parse_number(text: &str, most: u64) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("not a whole number from 1 to {most}"))
}

/// A time in seconds, with a fraction if need be.
///
/// # Errors
/// The text is no such time.
pub fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|&seconds| seconds > 0.0);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "not a time in seconds, as in 5 or 0.5".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_told_what_one_is() {
        assert_eq!((parse_count("1"), parse_count("10000")), (Ok(1), Ok(10_000)));
        for text in ["0", "-1", "1K", "1e3", "", "a"] {
            assert_eq!(
                parse_count(text),
                Err("not a whole number of at least 1, as in 10000".into()),
                "{text}"
            );
            assert_eq!(parse_number(text, 20), Err("not a whole number from 1 to 20".into()), "{text}");
        }
        assert_eq!((parse_number("20", 20), parse_number("21", 20).is_err()), (Ok(20), true));
    }
}
