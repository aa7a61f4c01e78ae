//! What can be said on the command line.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use ipc_bench::{Case, Effort, Kind, Member, Placement, SIX, member, names};
use ipc_core::cpus::Cpus;
use ipc_core::demo::{parse_size, refuse, report};
use ipc_core::{Result, Wait};

/// A command line that made sense.
pub enum Parsed {
    /// Measure these cases.
    Measure { cases: Vec<Case>, effort: Effort, floor: bool, json: bool },
    /// Print the course's table.
    List(Form),
    /// Remove what dead processes left.
    Clean,
}

/// How the course's table is printed.
pub enum Form {
    Text,
    Markdown,
    Json,
}

/// Sizes that are measured unless told otherwise: small, a page, and what fills a pipe.
const SIZES: [usize; 3] = [64, 4 << 10, 64 << 10];
/// How long each row is measured unless a count is given.
const TIME: Duration = Duration::from_millis(300);

pub fn parse() -> std::result::Result<Parsed, ExitCode> {
    let matches = command().try_get_matches().map_err(|error| refuse(&error))?;
    understand(&matches).map_err(|error| report(Err(error)))
}

fn command() -> Command {
    Command::new("ipc-bench")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Measures six ways of inter-process communication side by side, between two real processes")
        .after_help(
            "Without a command it measures. NAME, BYTES, STRATEGY and KIND may be given several times.\n\
             Round trips are timed one by one; throughput by the receiver's clock.\n\
             Exit status: 0 done, 1 failed, 2 wrong usage.",
        )
        .disable_help_subcommand(true)
        .args_conflicts_with_subcommands(true)
        .subcommand(
            Command::new("list")
                .about("Prints the table of the six: who talks to whom, through what")
                .arg(flag("json", "As one JSON document"))
                .arg(flag("markdown", "In Markdown, as the course has it").conflicts_with("json")),
        )
        .subcommand(
            Command::new("clean").about("Removes what dead processes left; never what a live one holds"),
        )
        .args([
            many("mechanism", "NAME", format!("Only this one: {}", names()))
                .value_parser(|name: &str| member(name)),
            many("size", "BYTES", "Length of the messages: 64, 4K, 1M (default: 64, 4K and 64K)")
                .value_parser(parse_size),
            many("wait", "STRATEGY", "How both sides wait: block, spin or hybrid (default: block)")
                .value_parser(|text: &str| text.parse::<Wait>()),
            many("kind", "KIND", "What to measure: round_trip or throughput (default: both)")
                .value_parser(|text: &str| text.parse::<Kind>()),
            one(
                "cpus",
                "PLACEMENT",
                "Where the two run: same, split, or two CPU numbers A,B (default: split if there are two)",
            )
            .value_parser(|text: &str| text.parse::<Cpus>()),
            one("count", "N", "How many messages for each row (default: about 0.3 seconds of them)")
                .value_parser(value_parser!(u64).range(1..)),
            flag("floor", "Also play each row by bare system calls, taking turns, and show the ratio"),
            flag("json", "Print the results as one JSON document"),
        ])
}

fn one(name: &'static str, value: &'static str, help: impl Into<String>) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help.into()).allow_negative_numbers(true)
}

fn many(name: &'static str, value: &'static str, help: impl Into<String>) -> Arg {
    one(name, value, help).action(ArgAction::Append)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn understand(matches: &ArgMatches) -> Result<Parsed> {
    match matches.subcommand() {
        Some(("list", matches)) if matches.get_flag("json") => return Ok(Parsed::List(Form::Json)),
        Some(("list", matches)) if matches.get_flag("markdown") => return Ok(Parsed::List(Form::Markdown)),
        Some(("list", _)) => return Ok(Parsed::List(Form::Text)),
        Some(("clean", _)) => return Ok(Parsed::Clean),
        _ => {}
    }
    let placement = Placement::resolve(matches.get_one("cpus").copied().unwrap_or_else(Cpus::available))?;
    let members: Vec<&'static Member> = chosen(matches, "mechanism", SIX.iter());
    let sizes = chosen(matches, "size", SIZES);
    let waits = chosen(matches, "wait", [Wait::Block]);
    let mut cases = Vec::new();
    for kind in chosen(matches, "kind", Kind::ALL) {
        for &wait in &waits {
            for &size in &sizes {
                for &member in &members {
                    for variant in member.profile.variants {
                        let variant = variant.name;
                        cases.push(Case { member, variant, kind, size, wait, placement });
                    }
                }
            }
        }
    }
    let effort = matches.get_one("count").map_or(Effort::About(TIME), |&count| Effort::Count(count));
    let (floor, json) = (matches.get_flag("floor"), matches.get_flag("json"));
    Ok(Parsed::Measure { cases, effort, floor, json })
}

/// What the caller named, each once, or else what there is.
fn chosen<T: Clone + Send + Sync + PartialEq + 'static>(
    matches: &ArgMatches,
    name: &str,
    default: impl IntoIterator<Item = T>,
) -> Vec<T> {
    let Some(named) = matches.get_many::<T>(name) else { return default.into_iter().collect() };
    let mut chosen = Vec::new();
    for value in named.cloned() {
        if !chosen.contains(&value) {
            chosen.push(value);
        }
    }
    chosen
}
