//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use ipc_bench::doctor::watched;
use ipc_bench::measure::effort::Effort;
use ipc_bench::measure::run::stop::Stop;
use ipc_bench::present::export::Format;
use ipc_bench::present::table::{self, Detail};
use ipc_bench::results::case::{Kind, Placement};
use ipc_bench::results::document::Document;
use ipc_bench::results::output::Output;
use ipc_bench::results::saved;
use ipc_core::{Error, Result, Wait};
use ipc_demo::cpus::Cpus;
use ipc_demo::print;
use ipc_demo::units::{SIZES, TIMES, parse_count, parse_duration, parse_size};

use crate::participants::{self, Participant};
use crate::run::{EACH, Plan, run};

fn command() -> Command {
    let many = |name, value, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help).value_delimiter(',').action(ArgAction::Append)
    };
    Command::new("peers")
        .about("Play other libraries beside the suite, in rounds that take turns")
        .after_help("Lists have commas: --size 64,4K\nExit status: 0 done, 1 failed, 2 wrong usage.")
        .args([
            many("only", "NAME", "Only these, of those that --list shows")
                .value_parser(|name: &str| participants::find(name)),
            many("kind", "KIND", "round-trip or throughput (default: both)").value_parser(kind),
            many("size", "BYTES", "Length of the messages (default: 64)")
                .long_help(format!("Length of the messages: {SIZES}. The default is 64."))
                .value_parser(parse_size),
            many("wait", "STRATEGY", "How both sides wait: block or spin (default: both)").value_parser(wait),
            Arg::new("cpus")
                .long("cpus")
                .value_name("PLACEMENT")
                .help("CPUs of the two processes: same, split or A,B (default: split if there are two)")
                .value_parser(|text: &str| text.parse::<Cpus>()),
            Arg::new("duration")
                .long("duration")
                .value_name("TIME")
                .help("How long each is timed: 2s, 100ms (default: 600ms)")
                .long_help(format!("How long each is timed: {TIMES}. The default is 600ms."))
                .value_parser(parse_duration)
                .conflicts_with("count"),
            Arg::new("count")
                .long("count")
                .value_name("N")
                .help("Messages in each round, of which there are 11 then")
                .value_parser(parse_count),
            Arg::new("output")
                .long("output")
                .value_name("DIR")
                .help("Save the results there, as results.json (default: where `ipc-bench report` looks)")
                .value_parser(value_parser!(PathBuf)),
            Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print the results as JSON"),
            Arg::new("list").long("list").action(ArgAction::SetTrue).help("List all that can play, and end"),
        ])
}

fn kind(text: &str) -> Result<Kind> {
    let kind = text.parse()?;
    if Kind::USUAL.contains(&kind) {
        Ok(kind)
    } else {
        Err(Error::Usage("expected round-trip or throughput".into()))
    }
}

fn wait(text: &str) -> Result<Wait> {
    match text.parse()? {
        Wait::Hybrid => {
            Err(Error::Usage("expected block or spin: no library but the suite has hybrid".into()))
        }
        wait => Ok(wait),
    }
}

/// Runs the command line.
#[must_use]
pub fn main() -> ExitCode {
    let matches = command().get_matches();
    execute(&matches).unwrap_or_else(|error| ipc_demo::report(Err(error)))
}

fn execute(matches: &ArgMatches) -> Result<ExitCode> {
    if matches.get_flag("list") {
        let line = |one: Participant| format!("{:28}{}\n", one.name, (one.implementation)());
        return print(&participants::all().into_iter().map(line).collect::<String>())
            .map(|()| ExitCode::SUCCESS);
    }
    let plan = plan(matches)?;
    let output = matches.get_one::<PathBuf>("output").map(Output::create).transpose()?;
    let stop = Stop::on_signals()?;
    if cfg!(debug_assertions) {
        eprintln!("warning: this is a debug build; for meaningful figures: cargo run --release");
    }
    let document = watched::watch(|| run(&plan, &stop, &|line| eprintln!("{line}")));
    for failed in &document.failed {
        eprintln!("error: {failed}");
    }
    keep(&document, output)?;
    if matches.get_flag("json") {
        print(&Format::Json.text(&document))?;
    } else {
        print(&table::text(&document, Some(80), Detail::Notes))?;
    }
    stop.end_as_told();
    let is_good = !document.results.is_empty() && document.failed.is_empty();
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn plan(matches: &ArgMatches) -> Result<Plan> {
    let cpus = matches.get_one("cpus").copied().unwrap_or_else(Cpus::available);
    let each = matches.get_one::<Duration>("duration").copied().unwrap_or(EACH);
    Ok(Plan {
        participants: chosen(matches, "only", participants::all()),
        kinds: chosen(matches, "kind", Kind::USUAL),
        sizes: chosen(matches, "size", [64]),
        waits: chosen(matches, "wait", [Wait::Block, Wait::Spin]),
        placements: vec![Placement::resolve(cpus)?],
        effort: matches.get_one("count").map_or(Effort::About(each), |&count| Effort::Count(count)),
    })
}

fn chosen<T: Clone + Send + Sync + 'static>(
    matches: &ArgMatches,
    name: &str,
    default: impl IntoIterator<Item = T>,
) -> Vec<T> {
    matches.get_many(name).map_or_else(|| default.into_iter().collect(), |named| named.cloned().collect())
}

fn keep(document: &Document, output: Option<Output>) -> Result<()> {
    if document.results.is_empty() {
        eprintln!("not saved: nothing was measured");
        return Ok(());
    }
    let path = match output {
        Some(output) => output.save(document)?,
        None => saved::keep(&saved::try_place()?, document)?,
    };
    eprintln!("saved as {}; `ipc-bench report {}` draws it", path.display(), path.display());
    Ok(())
}
