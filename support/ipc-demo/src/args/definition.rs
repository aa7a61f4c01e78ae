//! The definition of the demos' command line. Each command has only the options that mean something to it.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use clap::{Arg, ArgAction, Command};
use ipc_core::{Profile, Variants, Wait};

use super::known::{Known, Offered};
use crate::cpus::Cpus;
use crate::units::{COUNTS, SIZES, TIMES, parse_count, parse_duration, parse_size};

const EXIT_STATUS: &str = "Exit status: 0 done, 1 failed, 2 wrong usage.";

/// The default time that `pong` waits for `ping`, in seconds: enough to open a second terminal.
const PONG_TIMEOUT: &str = "60";
/// The default time that `ping` waits for `pong`, and a parent for its child, in seconds.
pub(super) const PING_TIMEOUT: &str = "10";

/// Returns the command line of a mechanism's demo, for a program that extends it.
#[must_use]
pub fn command<V: Variants>() -> Command {
    let (profile, known) = (V::PROFILE, Known::of::<V>());
    let command = Command::new(format!("ipc-{}", profile.name))
        .version(env!("CARGO_PKG_VERSION"))
        .about(format!("Play ping-pong between two processes through a {}", profile.title))
        .long_about(long_about(&profile))
        .after_help(EXIT_STATUS)
        .after_long_help(format!("{}\n\n{EXIT_STATUS}", examples(&profile)))
        .args_conflicts_with_subcommands(true)
        .args(measuring())
        .args(common(&known, "How both sides wait for a message", PING_TIMEOUT))
        .args(known.switches().into_iter().map(switch));
    let Some(address) = profile.address else { return command };
    command.subcommands([pong(address, &known), ping(address, &known)])
}

fn pong(address: &'static str, known: &Known) -> Command {
    Command::new("pong")
        .about("Create the meeting point, and answer the `ping` that joins")
        .after_long_help(
            "Prints the `ping` command for the other terminal. How many messages, and of which length, is the choice of `ping`.\n\n\
             With --json, standard output has one JSON document at the end, and the `ping` command goes to standard error.",
        )
        .arg(self::address(address, "Where to meet (default: a new address)"))
        .args(common(known, "How this side waits for a message", PONG_TIMEOUT))
        .args(known.switches().into_iter().map(switch))
}

fn ping(address: &'static str, known: &Known) -> Command {
    Command::new("ping")
        .about("Join `pong` from another terminal and measure")
        .after_long_help(
            "Either side may start first: `ping` waits for `pong`. Without an address it finds the one `pong` of this user \
             that waits.",
        )
        .arg(self::address(address, "Where a `pong` waits (default: the only one)"))
        .args(measuring())
        .args(common(known, "How this side waits for a message", PING_TIMEOUT))
        .args(known.switches().into_iter().filter(|switch| !switch.only_for_owner).map(switch))
}

fn address(name: &'static str, help: &'static str) -> Arg {
    Arg::new("address").value_name(name).help(help)
}

/// Returns the options of the side that measures.
fn measuring() -> [Arg; 2] {
    [
        option("count", "N", "Number of round trips: 20k, 1e6")
            .long_help(format!(
                "Number of round trips that are timed, one by one: {COUNTS}. Up to 100 run before them, whose every byte is \
                 checked."
            ))
            .value_parser(parse_count)
            .default_value("10000"),
        option("size", "BYTES", "Length of each message: 64, 4K, 1MiB")
            .long_help(format!("Length of each message: {SIZES}."))
            .value_parser(parse_size)
            .default_value("64"),
    ]
}

/// Returns the options of every side.
fn common(known: &Known, wait: &'static str, timeout: &'static str) -> Vec<Arg> {
    vec![
        option("wait", "STRATEGY", wait).value_parser(waits()).default_value(Wait::default().name()),
        option("cpus", "PLACEMENT", "CPUs of ping and pong: same, split or A,B")
            .long_help(
                "CPUs of ping and pong: `same` is one for both, `split` two, and A,B are two numbers. Each process is bound \
                 to its own. The default is `split` if there are two.",
            )
            .value_parser(|text: &str| text.parse::<Cpus>()),
        variant(known),
        option("timeout", "TIME", "Longest wait for the peer or a message")
            .long_help(format!("Longest wait for the peer, and for each of its messages: {TIMES}."))
            .value_parser(parse_duration)
            .default_value(timeout),
        flag("json", "Print the result as one JSON document"),
    ]
}

fn waits() -> impl clap::builder::TypedValueParser<Value = Wait> {
    let values = Wait::ALL.map(|wait| {
        PossibleValue::new(wait.name()).help(match wait {
            Wait::Block => "Sleep in the kernel",
            Wait::Spin => "Ask again and again; keeps a CPU busy",
            Wait::Hybrid => "Ask for a short while, then sleep",
        })
    });
    PossibleValuesParser::new(values).map(|name| name.parse().expect("it is one of these names"))
}

fn variant(known: &Known) -> Arg {
    let values =
        known.variants.iter().map(|offer| PossibleValue::new(offer.variant.name).help(offer.variant.summary));
    option("variant", "VARIANT", "Variant of the mechanism")
        .value_parser(PossibleValuesParser::new(values))
        .default_value(known.default_variant().variant.name)
        .hide(known.variants.len() == 1) // a script may name it all the same
}

fn option(name: &'static str, value: &'static str, help: impl Into<String>) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help.into()).allow_negative_numbers(true)
}

fn switch(switch: Offered) -> Arg {
    flag(switch.name, switch.help)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn long_about(profile: &Profile) -> String {
    let title = profile.title;
    let two_terminals = if profile.address.is_some() {
        "With `pong` in one terminal and `ping` in another, the two processes are started separately."
    } else {
        "There is no `pong` for another terminal: only a child inherits the ends."
    };
    format!(
        "Play ping-pong between two processes through a {title}.\n\nWithout a command, it spawns its own peer process, runs \
         the exchange and prints how long a round trip took. {two_terminals}"
    )
}

fn examples(profile: &Profile) -> String {
    let two_terminals = if profile.address.is_some() {
        "\n  PROGRAM pong, and in another terminal the command that it prints"
    } else {
        ""
    };
    let examples = "Examples:\n  PROGRAM --count 100k --size 4KiB\n  PROGRAM --wait spin --cpus 0,1 --json";
    format!("{examples}{two_terminals}").replace("PROGRAM", &format!("ipc-{}", profile.name))
}
