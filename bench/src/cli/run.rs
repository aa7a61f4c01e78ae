//! `ipc-bench run`, and `ipc-bench` without a subcommand: measures.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command, value_parser};
use ipc_bench::doctor::watched;
use ipc_bench::measure::clients::refusal;
use ipc_bench::measure::effort::Effort;
use ipc_bench::measure::profile::RunProfile;
use ipc_bench::measure::run;
use ipc_bench::measure::run::plan::RunPlan;
use ipc_bench::measure::run::stop::Stop;
use ipc_bench::present::export::Format;
use ipc_bench::present::table::{self, Detail};
use ipc_bench::results::case::{Case, Kind, Placement};
use ipc_bench::results::document::Document;
use ipc_bench::results::output::Output;
use ipc_bench::results::registry::{Member, SIX, member, names};
use ipc_bench::results::saved;
use ipc_core::{Error, Result, Wait};
use ipc_demo::cpus::Cpus;
use ipc_demo::print;
use ipc_demo::units::{
    COUNTS, RATES, SIZES, TIMES, parse_count, parse_duration, parse_number, parse_rate, parse_size,
};

use super::arguments::{flag, many, one, width};

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
            "Also measure each row by bare system calls, in alternating rounds, and show the ratio",
        ),
        Arg::new("output")
            .long("output")
            .value_name("DIR")
            .help("Save the results there, as results.json (default: where `choose` and `report` search)")
            .value_parser(value_parser!(PathBuf)),
        one("format", "FORMAT", "Output format: table, json, csv or markdown (default: table)")
            .value_parser(|text: &str| text.parse::<Format>()),
        flag("json", "The same as --format json").conflicts_with("format"),
        flag("verbose", "Also print all percentiles, the costs, the notes and the environment"),
        flag("quiet", "Print only the figures: no progress, no notes").conflicts_with("verbose"),
    ])
}

pub fn execute(matches: &ArgMatches) -> Result<ExitCode> {
    let plan = plan(matches)?;
    let format = matches.get_one("format").copied();
    let format = format.unwrap_or(if matches.get_flag("json") { Format::Json } else { Format::Table });
    let keeper = Keeper::of(matches)?;
    let stop = Stop::on_signals()?;
    warn(&plan);
    let document = watched::run(&plan, &stop, Duration::ZERO);
    for failed in &document.failed {
        eprintln!("error: {failed}");
    }
    if document.results.is_empty() {
        eprintln!("error: nothing was measured{}", why_nothing(&document));
    }
    keeper.keep(&document)?;
    let text = match format {
        Format::Table => {
            let detail = detail(matches);
            // What is read elsewhere later is read on a terminal too.
            let usual = (detail != Detail::All).then_some(80);
            table::text(&document, width().or(usual), detail)
        }
        other => other.text(&document),
    };
    print(&text)?;
    stop.end_as_told();
    Ok(if is_good(&document) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn detail(matches: &ArgMatches) -> Detail {
    match (matches.get_flag("quiet"), matches.get_flag("verbose")) {
        (true, _) => Detail::Figures,
        (_, true) => Detail::All,
        _ => Detail::Notes,
    }
}

/// Returns the first reason. Failures have been reported before.
fn why_nothing(document: &Document) -> String {
    match document.skipped.first() {
        _ if !document.failed.is_empty() => String::new(),
        Some(skipped) => format!(": {skipped}"),
        None => ": the run was ended early".into(),
    }
}

/// The place where the results are kept.
enum Keeper {
    /// The directory named on the command line.
    Named(Output),
    /// The directory in which `choose` and `report` look for runs.
    Place(PathBuf),
    /// None, as was reported before.
    Nowhere,
}

impl Keeper {
    /// Tries out both directories before anything is measured. It is an error only if the named one cannot be used.
    fn of(matches: &ArgMatches) -> Result<Self> {
        if let Some(dir) = matches.get_one::<PathBuf>("output") {
            return Output::create(dir).map(Self::Named);
        }
        let place = saved::place().ok_or_else(|| "there is no home directory".to_owned());
        let tried = place.and_then(|place| match Output::create(&place) {
            Ok(_) => Ok(place),
            Err(error) => Err(error.to_string()),
        });
        Ok(tried.map_or_else(
            |reason| {
                eprintln!("warning: the results will not be saved: {reason}");
                Self::Nowhere
            },
            Self::Place,
        ))
    }

    fn keep(&self, document: &Document) -> Result<()> {
        let replaces = matches!(self, Self::Named(output) if output.has_results());
        if replaces && document.results.is_empty() {
            eprintln!("not saved: nothing was measured that could replace the results of an older run");
            return Ok(());
        }
        let saved = match self {
            Self::Named(output) => output.save(document)?,
            // Without figures it is of no use to `choose` and `report`, and would displace an older run.
            Self::Place(_) if document.results.is_empty() => return Ok(()),
            Self::Place(place) => saved::keep(place, document)?,
            Self::Nowhere => return Ok(()),
        };
        let replaced = if replaces { ", replacing an older run" } else { "" };
        eprintln!("saved as {}{replaced}", saved.display());
        Ok(())
    }
}

/// Prints the warnings to read before the figures.
fn warn(plan: &RunPlan) {
    if cfg!(debug_assertions) {
        eprintln!("warning: this is a debug build; for meaningful figures: cargo run --release -p ipc-bench");
    }
    if let (RunProfile::Thorough, Some(time)) = (plan.profile, run::expected(plan)) {
        let minutes = time.as_secs_f64() / 60.0;
        eprintln!("thorough: {} rows, about {:.0} minutes", plan.cases.len(), minutes.ceil());
    }
}

/// Returns true if there are measurements, none of them failed, and every checked message was right.
fn is_good(document: &Document) -> bool {
    let wrong = document.verified.iter().flatten().any(|verified| verified.error.is_some());
    !document.results.is_empty() && document.failed.is_empty() && !wrong
}

/// Returns the plan of the measurements.
fn plan(matches: &ArgMatches) -> Result<RunPlan> {
    let profile = matches.get_one("profile").copied().unwrap_or(RunProfile::Quick);
    let effort = match (matches.get_one("count"), matches.get_one::<Duration>("duration")) {
        (Some(&count), _) => Some(Effort::Count(count)),
        (None, Some(&time)) => Some(Effort::About(time)),
        (None, None) => None,
    };
    Ok(RunPlan {
        profile,
        cases: cases(matches, profile)?,
        effort,
        baseline: matches.get_flag("floor"),
        verify: matches.get_flag("verify"),
    })
}

/// Returns every combination of the named choices.
fn cases(matches: &ArgMatches, profile: RunProfile) -> Result<Vec<Case>> {
    let placements = chosen(matches, "cpus", [placements(profile)]).concat();
    let placements = placements.into_iter().map(Placement::resolve).collect::<Result<Vec<_>>>()?;
    let ways = ways(matches)?;
    let sizes = chosen(matches, "size", profile.sizes().iter().copied());
    let waits = chosen(matches, "wait", profile.waits().iter().copied());
    let rates: Vec<u64> = chosen(matches, "rate", []);
    let mut cases = Vec::new();
    for kind in kinds(matches, &rates, profile)? {
        if kind == Kind::Clients {
            for &placement in &placements {
                cases.extend(many_clients(matches, profile, &ways, placement));
            }
            continue;
        }
        let rates = if kind.is_paced() { rates.iter().copied().map(Some).collect() } else { vec![None] };
        for rate in rates {
            for &placement in &placements {
                for &wait in &waits {
                    for &size in &sizes {
                        let case = |&(member, variant)| Case {
                            member,
                            variant,
                            kind,
                            size,
                            wait,
                            placement,
                            rate,
                            clients: 1,
                        };
                        cases.extend(ways.iter().map(case));
                    }
                }
            }
        }
    }
    if !matches.contains_id("kind") && rates.is_empty() {
        cases.extend(open_loop(profile, &cases));
    }
    Ok(cases)
}

/// Returns the open loop for the round trips with the shortest messages, at the rate of the profile.
fn open_loop(profile: RunProfile, closed: &[Case]) -> Vec<Case> {
    let Some(rate) = profile.rate() else { return Vec::new() };
    let shortest = closed.iter().map(|case| case.size).min();
    let beside = closed.iter().filter(|case| case.kind == Kind::RoundTrip && Some(case.size) == shortest);
    beside.map(|case| Case { kind: Kind::OpenLoop, rate: Some(rate), ..*case }).collect()
}

/// Parses a list of placements: `same,split`, `0,1`, `same,0,1`. A number belongs to the one behind it.
fn placements_of(text: &str) -> Result<Vec<Cpus>> {
    let mut words = text.split(',');
    let mut placements = Vec::new();
    while let Some(word) = words.next() {
        let is_number = word.trim().parse::<usize>().is_ok();
        let pair = if is_number { words.next().map(|other| format!("{word},{other}")) } else { None };
        placements.push(pair.as_deref().unwrap_or(word).parse()?);
    }
    Ok(placements)
}

/// Returns the default placements: two CPUs if there are two; for the thorough profile, also one.
fn placements(profile: RunProfile) -> Vec<Cpus> {
    match (profile, Cpus::available()) {
        (RunProfile::Thorough, Cpus::Split) => vec![Cpus::Split, Cpus::Same],
        (_, available) => vec![available],
    }
}

/// Returns the variants of the mechanisms that were named.
fn ways(matches: &ArgMatches) -> Result<Vec<(&'static Member, &'static str)>> {
    let members: Vec<&'static Member> = chosen(matches, "mechanism", SIX.iter());
    let variants: Vec<&'static str> = chosen(matches, "variant", []);
    let all =
        members.into_iter().flat_map(|member| member.variants().map(move |variant| (member, variant.name)));
    let ways: Vec<_> = all.filter(|(_, variant)| variants.is_empty() || variants.contains(variant)).collect();
    if ways.is_empty() {
        return Err(Error::Usage("none of these mechanisms has such a variant: see `ipc-bench list`".into()));
    }
    Ok(ways)
}

/// Returns the kinds to measure. A rate requests the open loop, with the closed one beside it; a number of clients
/// requests many clients.
fn kinds(matches: &ArgMatches, rates: &[u64], profile: RunProfile) -> Result<Vec<Kind>> {
    let clients = matches.contains_id("clients");
    let mut usual = Vec::new();
    if !rates.is_empty() {
        usual.extend([Kind::RoundTrip, Kind::OpenLoop]);
    } else if !clients {
        usual.extend(Kind::USUAL);
    }
    // The defaults must fit the explicit choices.
    let nothing_against = rates.is_empty() && !matches.contains_id("count") && blocks(matches);
    if clients || (!profile.clients().is_empty() && nothing_against) {
        usual.push(Kind::Clients);
    }
    let kinds = chosen(matches, "kind", usual);
    let usage = |text: &str| Err(Error::Usage(text.into()));
    match (kinds.iter().any(|kind| kind.is_paced()), rates.is_empty()) {
        (true, true) => {
            return usage(
                "--kind open-loop and --kind stream need a --rate: messages per second, such as 20k",
            );
        }
        (false, false) => return usage("--rate requires --kind open-loop or --kind stream"),
        _ => {}
    }
    if !kinds.contains(&Kind::Clients) {
        return if clients { usage("--clients requires --kind clients") } else { Ok(kinds) };
    }
    if matches.contains_id("count") {
        return usage("many clients are measured for a time, not for a number of messages: use --duration");
    }
    if blocks(matches) { Ok(kinds) } else { usage(refusal::NEEDS_BLOCK) }
}

/// Returns true if blocking is among the strategies.
fn blocks(matches: &ArgMatches) -> bool {
    chosen(matches, "wait", [Wait::Block]).contains(&Wait::Block)
}

/// Returns the cases of many clients. A mechanism that serves only one client gets a case, which reports that, if it
/// was named.
fn many_clients(
    matches: &ArgMatches,
    profile: RunProfile,
    ways: &[(&'static Member, &'static str)],
    placement: Placement,
) -> Vec<Case> {
    const DEFAULT: [u64; 3] = [1, 10, 100];
    let is_asked_for = matches.contains_id("clients") || matches.contains_id("kind");
    let usual = if profile.clients().is_empty() { &DEFAULT } else { profile.clients() };
    let numbers = chosen(matches, "clients", usual.iter().copied());
    let sizes = chosen(matches, "size", [64]);
    let mut cases = Vec::new();
    for &size in &sizes {
        for (nth, &number) in numbers.iter().enumerate() {
            for &(member, variant) in ways {
                let (kind, wait, clients) = (Kind::Clients, Wait::Block, number as usize);
                let case = Case { member, variant, kind, size, wait, placement, rate: None, clients };
                if refusal::serves_many(&case) || (is_asked_for && nth == 0 && size == sizes[0]) {
                    cases.push(case);
                }
            }
        }
    }
    cases
}

/// Returns the variant of that name, of any mechanism.
fn variant(name: &str) -> Result<&'static str> {
    let mut all = SIX.iter().flat_map(Member::variants);
    let found = all.find(|variant| variant.name == name).map(|variant| variant.name);
    found.ok_or_else(|| {
        Error::Usage(format!("invalid variant '{name}': expected one of those that `ipc-bench list` shows"))
    })
}

/// Returns the values that the caller named, each once, or else the default ones.
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
