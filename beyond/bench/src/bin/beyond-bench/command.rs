//! The command line.

use std::process::ExitCode;
use std::time::Duration;

use beyond_bench::{SHORTEST, hosts, local};
use clap::{Arg, ArgAction, ArgMatches, Command};
use ipc_bench::doctor::watched;
use ipc_bench::measure::effort::Effort;
use ipc_bench::measure::run::stop::Stop;
use ipc_bench::present::export::Format;
use ipc_bench::results::case::Placement;
use ipc_core::{Result, Wait};
use ipc_demo::command_line::parse;
use ipc_demo::cpus::Cpus;
use ipc_demo::units::{SIZES, TIMES, parse_count, parse_duration, parse_duration_or_zero, parse_size};
use ipc_demo::{print, report};

const EXIT_STATUS: &str = "Exit status: 0 done, 1 failed or a row was refused, 2 wrong usage. Rows that are skipped are named and are no failure.";

fn whole() -> Command {
    Command::new("beyond-bench")
        .about("Measure the queue on a NATS server, on one machine and between two hosts")
        .after_help(EXIT_STATUS)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([local_command(), hosts_command()])
}

fn local_command() -> Command {
    Command::new("local")
        .about("Measure it on this machine, beside TCP and the System V queue, in rounds that take turns")
        .after_help(EXIT_STATUS)
        .args(common())
        .args([
            Arg::new("wait")
                .long("wait")
                .value_name("STRATEGY")
                .help("How both sides wait: block, spin or hybrid (default: block and spin)")
                .value_delimiter(',')
                .action(ArgAction::Append)
                .value_parser(|text: &str| text.parse::<Wait>()),
            Arg::new("duration")
                .long("duration")
                .value_name("TIME")
                .help("How long each is timed: 2s, 100ms (default: 600ms)")
                .long_help(format!("How long each is timed: {TIMES}. The default is 600ms."))
                .value_parser(parse_duration)
                .conflicts_with_all(["count", "quick"]),
            Arg::new("count")
                .long("count")
                .value_name("N")
                .help("Messages in each round, of which there are 11 then")
                .value_parser(parse_count)
                .conflicts_with("quick"),
            Arg::new("flood")
                .long("flood")
                .value_name("TIME")
                .help("Also flood a subscriber without JetStream, which takes TIME for each message: 0, 20us")
                .long_help(
                    "Also flood a subscriber of NATS without JetStream, which takes TIME for each message: 0, 20us. Nothing \
                     is acknowledged there: the row is refused if a message was lost.",
                )
                .value_parser(parse_duration_or_zero),
        ])
}

fn hosts_command() -> Command {
    Command::new("hosts")
        .about("Measure TCP, NATS, JetStream and QUIC between two hosts, over wires that delay and lose")
        .long_about(
            "Measure TCP, NATS, JetStream and QUIC between two hosts, over wires that delay and lose. The hosts are network \
             namespaces of this machine: that takes root, or a system that lets users make user namespaces.",
        )
        .after_help(EXIT_STATUS)
        .args(common())
        .args([
            Arg::new("runs")
                .long("runs")
                .value_name("N")
                .help("How often each is run (default: 3)")
                .value_parser(parse_count)
                .conflicts_with("quick"),
            Arg::new("duration")
                .long("duration")
                .value_name("TIME")
                .help("How long the sender sends in each run: 2s, 100ms (default: 700ms)")
                .long_help(format!("How long the sender sends in each run: {TIMES}, at most 30s. The default is 700ms."))
                .value_parser(sending)
                .conflicts_with("quick"),
        ])
}

fn common() -> [Arg; 3] {
    [
        Arg::new("size")
            .long("size")
            .value_name("BYTES")
            .help("Length of the messages (default: 64)")
            .long_help(format!(
                "Length of the messages: {SIZES}, {SHORTEST} bytes at least. The default is 64."
            ))
            .value_parser(size),
        Arg::new("quick")
            .long("quick")
            .action(ArgAction::SetTrue)
            .help("Measure for a short time: a first look"),
        Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print the results as JSON"),
    ]
}

fn size(text: &str) -> std::result::Result<usize, String> {
    /// The longest message that a NATS server takes by default, without its headers.
    const LONGEST: usize = (1 << 20) - 512;
    match parse_size(text)? {
        size if (SHORTEST..=LONGEST).contains(&size) => Ok(size),
        _ => Err(format!(
            "expected {SHORTEST} to {LONGEST} bytes: a message carries its number, and NATS takes 1 MiB"
        )),
    }
}

/// Parses how long a sender sends: less than a helper is waited for.
fn sending(text: &str) -> std::result::Result<Duration, String> {
    match parse_duration(text)? {
        time if time <= Duration::from_secs(30) => Ok(time),
        _ => Err("expected at most 30s".into()),
    }
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let matches = match parse(whole()) {
        Ok(matches) => matches,
        Err(status) => return status,
    };
    let done = match matches.subcommand() {
        Some(("local", arguments)) => run_local(arguments),
        Some((_, arguments)) => run_hosts(arguments),
        None => unreachable!("a command is required"),
    };
    done.unwrap_or_else(|error| report(Err(error)))
}

fn tell(line: &str) {
    eprintln!("{line}");
}

fn warn_of_debug_build() {
    if cfg!(debug_assertions) {
        tell("warning: this is a debug build; for meaningful figures: cargo run --release");
    }
}

fn run_local(matches: &ArgMatches) -> Result<ExitCode> {
    const EACH: Duration = Duration::from_millis(600);
    const QUICK: Duration = Duration::from_millis(60);
    let each =
        matches.get_one("duration").copied().unwrap_or(if matches.get_flag("quick") { QUICK } else { EACH });
    let waits =
        matches.get_many("wait").map_or_else(|| vec![Wait::Block, Wait::Spin], |all| all.copied().collect());
    let plan = local::Plan {
        size: matches.get_one("size").copied().unwrap_or(64),
        waits,
        effort: matches.get_one("count").map_or(Effort::About(each), |&count| Effort::Count(count)),
        placement: Placement::resolve(Cpus::available())?,
        flood: matches.get_one("flood").copied(),
    };
    let stop = Stop::on_signals()?;
    warn_of_debug_build();
    let document = watched::watch(|| local::run(&plan, &stop, &tell));
    for failed in &document.failed {
        tell(&format!("error: {failed}"));
    }
    let text = if matches.get_flag("json") { Format::Json.text(&document) } else { local::text(&document) };
    print(&text)?;
    stop.end_as_told();
    let is_good = !document.results.is_empty() && document.failed.is_empty();
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_hosts(matches: &ArgMatches) -> Result<ExitCode> {
    wire::become_root()?; // first: a process with threads cannot
    let is_quick = matches.get_flag("quick");
    let (runs, each) =
        if is_quick { (1, Duration::from_millis(200)) } else { (3, Duration::from_millis(700)) };
    let plan = hosts::Plan {
        size: matches.get_one("size").copied().unwrap_or(64),
        runs: matches.get_one::<u64>("runs").map_or(runs, |&runs| runs as usize),
        each: matches.get_one("duration").copied().unwrap_or(each),
    };
    let stop = Stop::on_signals()?;
    warn_of_debug_build();
    let results = hosts::run(&plan, &stop, &tell)?;
    if matches.get_flag("json") {
        print(&(serde_json::to_string_pretty(&results).expect("plain data") + "\n"))?;
    } else {
        print(&hosts::text(&results))?;
    }
    stop.end_as_told();
    let is_good = results.results.iter().all(|row| row.refused.is_none());
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
