//! `ipc-bench run`, and `ipc-bench` without a subcommand: measures.
//!
//! | file | contents |
//! |---|---|
//! | `run.rs` | the options, and the run itself |
//! | `run/choices.rs`, `run/plan.rs` | the choices on the command line, and every combination of them |
//! | `run/keeper.rs` | where the results are saved |

mod choices;
mod keeper;
mod plan;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command, value_parser};
use ipc_bench::doctor::watched;
use ipc_bench::measure::profile::RunProfile;
use ipc_bench::measure::run;
use ipc_bench::measure::run::plan::RunPlan;
use ipc_bench::measure::run::stop::Stop;
use ipc_bench::results::case::{ClientsRun, Kind};
use ipc_bench::results::document::Document;
use ipc_bench::results::registry::{member, names};
use ipc_core::{Error, Result, Wait};
use ipc_demo::units::{COUNTS, RATES, SIZES, TIMES, parse_count, parse_duration, parse_number, parse_rate};

use self::choices::{placements_of, sizes_of, variant};
use self::keeper::Keeper;
use super::arguments::{flag, many, one};
use super::printing;

const AFTER_HELP: &str = "Lists have commas: --size 64,4K --wait block,hybrid\n\
    Exit status: 0 done, 1 failed, 2 wrong usage.";

const AFTER_LONG_HELP: &str = "Without a command, `run` is assumed. Options for NAME, BYTES, STRATEGY, KIND, \
    PLACEMENT, --rate, --clients and --batch take lists: --size 64,4K --wait block,hybrid.\n\
    Ctrl-C ends a run early: the results so far are saved and printed.\n\
    Exit status: 0 done, 1 failed, 2 wrong usage.";

pub fn command() -> Command {
    with_arguments(Command::new("run")).about("Measure (the default command)")
}

/// Adds the arguments of a run, and the text behind them.
pub fn with_arguments(command: Command) -> Command {
    let by_profile = "By default, the profile decides.";
    command.after_help(AFTER_HELP).after_long_help(AFTER_LONG_HELP).args([
        one("profile", "PROFILE", "quick (20 seconds), standard (3 minutes), thorough")
            .long_help(
                "Extent of the run: quick (20 seconds, the default), standard (3 minutes) or thorough (longer).",
            )
            .value_parser(|text: &str| text.parse::<RunProfile>()),
        many("mechanism", "NAME", format!("Measure only {}", names()))
            .long_help(format!("Measure only these mechanisms: {}.", names()))
            .value_parser(|name: &str| member(name)),
        many("variant", "NAME", "Measure only this variant: see `ipc-bench list`")
            .value_parser(|name: &str| variant(name)),
        many("size", "BYTES", "Length of the messages: 64, 4K, 1MiB, 1..1M")
            .long_help(format!(
                "Length of the messages: {SIZES}; or a range such as 1..1M, in steps of four times, with each variant's \
                 limit. {by_profile}"
            ))
            .value_parser(sizes_of),
        many("wait", "STRATEGY", "How both sides wait: block, spin or hybrid")
            .long_help(format!(
                "How both sides wait: block (sleep in the kernel), spin (ask again and again, which keeps a CPU busy) or \
                 hybrid (ask for a short while, then sleep). {by_profile}"
            ))
            .value_parser(|text: &str| text.parse::<Wait>()),
        many("kind", "KIND", "round-trip, throughput, open-loop, stream, clients")
            .long_help(
                "What to measure: round-trip and throughput (the default); with a --rate, open-loop (round trips) and stream \
                 (one way); clients (many of one server).",
            )
            .value_parser(|text: &str| text.parse::<Kind>()),
        many("cpus", "PLACEMENT", "CPUs of the two processes: same, split or A,B")
            .long_help(
                "CPUs of the two processes: same (one for both), split (two) or two numbers A,B; also as a list: same,0,1. \
                 The default is split if there are two.",
            )
            .value_delimiter(None) // a comma may also be within a pair
            .value_parser(placements_of),
        many("rate", "N", "Messages per second, at fixed times: 20k, 60fps")
            .long_help(format!("Open loop and stream: messages per second, sent at fixed times: {RATES}."))
            .value_parser(|text: &str| parse_rate(text, 1_000_000)),
        many("clients", "N", "Number of clients of one server: 1,10,100")
            .long_help("Number of clients of one server, for the mechanisms that serve many (msgq, socket and fifo).")
            .value_parser(|text: &str| parse_number(text, 10_000)),
        many("clients-run", "WAY", "How many clients are run: threads, multiplexed")
            .long_help(
                "How many clients are run: threads (the default: each sleeps by itself, as separate programs do) or multiplexed \
                 (one thread of a process sleeps for all of its clients). A list measures both.",
            )
            .value_parser(|text: &str| text.parse::<ClientsRun>()),
        many("batch", "N", "Messages that leave together, one way: 1,32")
            .long_help(
                "Throughput and stream: the number of messages between two flushes. With 1, each is sent by itself; with more, \
                 a link that can gathers them and hands them over at once.",
            )
            .value_parser(|text: &str| parse_number(text, 1_000_000)),
        one("duration", "TIME", "How long each row is timed: 2s, 100ms")
            .long_help(format!("How long each row is timed: {TIMES}. {by_profile}"))
            .value_parser(parse_duration)
            .conflicts_with("count"),
        one("count", "N", format!("Number of messages for each row: {COUNTS}")).value_parser(parse_count),
        flag("verify", "Afterwards, check each message in a second run"),
        flag("floor", "Compare each row with bare system calls")
            .long_help(
                "Also measure each row by bare system calls, in alternating rounds, and show the ratio. It takes several times \
                 as long.",
            ),
        Arg::new("output")
            .long("output")
            .value_name("DIR")
            .help("Save the results there, as results.json")
            .long_help(
                "Save the results there, as results.json. The default is where `choose`, `report` and `history` look: \
                 $XDG_DATA_HOME/ipc-bench (~/.local/share/ipc-bench), which keeps the newest 20 runs.",
            )
            .value_parser(value_parser!(PathBuf)),
    ]).args(printing::arguments())
}

pub fn execute(matches: &ArgMatches) -> Result<ExitCode> {
    let plan = plan::plan(matches)?;
    let stop = Stop::on_signals()?;
    if let Some(refused) = plan.refusal() {
        return Err(Error::Usage(format!("nothing to measure: {refused}")));
    }
    let keeper = Keeper::of(matches)?;
    if !plan.is_quiet {
        warn(&plan);
    }
    let document = watched::run(&plan, &stop, Duration::ZERO);
    for failed in &document.failed {
        eprintln!("error: {failed}");
    }
    if document.results.is_empty() {
        eprintln!("error: nothing was measured{}", why_nothing(&document));
    }
    keeper.keep(&document, plan.is_quiet)?;
    printing::document(matches, &document)?;
    stop.end_as_told();
    Ok(if is_good(&document) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the first reason. Failures have been reported before.
fn why_nothing(document: &Document) -> String {
    match document.skipped.first() {
        _ if !document.failed.is_empty() => String::new(),
        Some(skipped) => format!(": {skipped}"),
        None => ": the run was ended early".into(),
    }
}

/// Prints the warnings to read before the figures.
fn warn(plan: &RunPlan) {
    if cfg!(debug_assertions) {
        eprintln!("warning: this is a debug build; for meaningful figures: cargo run --release -p ipc-bench");
    }
    let is_long = plan.profile == RunProfile::Thorough || plan.baseline;
    if let (true, Some(time)) = (is_long, run::expected(plan)) {
        let minutes = (time.as_secs_f64() / 60.0).ceil();
        let minutes = if minutes > 1.0 { format!("{minutes:.0} minutes") } else { "a minute".into() };
        eprintln!("{}: {} rows, about {minutes}", plan.profile.name(), plan.cases.len());
    }
}

/// Returns true if there are measurements, none of them failed, and every checked message was right.
fn is_good(document: &Document) -> bool {
    let wrong = document.verified.iter().flatten().any(|verified| verified.error.is_some());
    !document.results.is_empty() && document.failed.is_empty() && !wrong
}
