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
use ipc_bench::results::case::Kind;
use ipc_bench::results::document::Document;
use ipc_bench::results::registry::{member, names};
use ipc_core::{Result, Wait};
use ipc_demo::units::{
    COUNTS, RATES, SIZES, TIMES, parse_count, parse_duration, parse_number, parse_rate, parse_size,
};

use self::choices::{placements_of, variant};
use self::keeper::Keeper;
use super::arguments::{flag, many, one};
use super::printing;

pub const AFTER_HELP: &str = "Without a command, `run` is assumed. Options for NAME, BYTES, STRATEGY, KIND, \
    PLACEMENT, --rate and --clients take lists: --size 64,4K --wait block,hybrid.\n\
    Ctrl-C ends a run early: the results so far are saved and printed.\n\
    Exit status: 0 done, 1 failed, 2 wrong usage.";

pub fn command() -> Command {
    let about = "Measure (the default command)";
    with_arguments(Command::new("run")).about(about).after_help(AFTER_HELP)
}

/// Adds the arguments of a run.
pub fn with_arguments(command: Command) -> Command {
    command.args([
        one(
            "profile",
            "PROFILE",
            "Extent of the run: quick (20 seconds, the default), standard (3 minutes) or thorough (longer)",
        )
        .value_parser(|text: &str| text.parse::<RunProfile>()),
        many("mechanism", "NAME", format!("Measure only this mechanism: {}", names()))
            .value_parser(|name: &str| member(name)),
        many("variant", "NAME", "Measure only this variant: see `ipc-bench list`")
            .value_parser(|name: &str| variant(name)),
        many("size", "BYTES", format!("Length of the messages: {SIZES} (default: set by the profile)"))
            .value_parser(parse_size),
        many("wait", "STRATEGY", "How both sides wait: block, spin or hybrid (default: set by the profile)")
            .value_parser(|text: &str| text.parse::<Wait>()),
        many(
            "kind",
            "KIND",
            "What to measure: round-trip, throughput, open-loop, stream or clients (default: the first two)",
        )
        .value_parser(|text: &str| text.parse::<Kind>()),
        many(
            "cpus",
            "PLACEMENT",
            "CPUs of the two processes: same, split, or two numbers A,B; also as a list, same,0,1 (default: split if there are two)",
        )
        .value_delimiter(None) // a comma may also be within a pair
        .value_parser(placements_of),
        many("rate", "N", format!("Open loop and stream: messages per second, sent at fixed times: {RATES}"))
            .value_parser(|text: &str| parse_rate(text, 1_000_000)),
        many("clients", "N", "Number of clients of one server (for msgq, socket and fifo)")
            .value_parser(|text: &str| parse_number(text, 10_000)),
        one("duration", "TIME", format!("How long each row is timed: {TIMES} (default: set by the profile)"))
            .value_parser(parse_duration)
            .conflicts_with("count"),
        one("count", "N", format!("Number of messages for each row: {COUNTS}")).value_parser(parse_count),
        flag("verify", "Afterwards, run each row again and check every message"),
        flag(
            "floor",
            "Also measure each row by bare system calls, in alternating rounds, and show the ratio (takes several \
             times as long)",
        ),
        Arg::new("output")
            .long("output")
            .value_name("DIR")
            .help("Save the results there, as results.json (default: where `choose` and `report` search)")
            .value_parser(value_parser!(PathBuf)),
    ]).args(printing::arguments())
}

pub fn execute(matches: &ArgMatches) -> Result<ExitCode> {
    let plan = plan::plan(matches)?;
    let keeper = Keeper::of(matches)?;
    let stop = Stop::on_signals()?;
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
