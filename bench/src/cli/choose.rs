//! `ipc-bench choose`: recommends a mechanism.

use std::io::{IsTerminal as _, stderr, stdin};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command, value_parser};
use ipc_bench::measure::effort::Effort;
use ipc_bench::measure::profile::RunProfile;
use ipc_bench::measure::run::plan::RunPlan;
use ipc_bench::measure::run::stop::Stop;
use ipc_bench::measure::{run, sides};
use ipc_bench::present::choose::purpose::{
    Answer, Common, Outlive, Partners, Priority, Purpose, Shape, Ways,
};
use ipc_bench::present::choose::{Choice, enough, text};
use ipc_bench::results::case::{Case, Kind, Placement};
use ipc_bench::results::document::Document;
use ipc_bench::results::registry::{self, Member};
use ipc_bench::results::saved;
use ipc_core::{Error, Result, Wait};
use ipc_demo::cpus::Cpus;
use ipc_demo::print;
use ipc_demo::units::{SIZES, parse_duration, parse_size};

use super::arguments::{flag, one};
use super::ask::ask;

const AFTER_HELP: &str = "On a terminal, missing answers are asked for; elsewhere, the defaults are used and reported.\n\
    The figures come from --results; or else from the newest saved run of this machine with this size (and this number \
    of clients, if there is one); or else from a quick run, which is saved in $XDG_DATA_HOME/ipc-bench \
    (~/.local/share/ipc-bench).\n\
    For cpu, block and hybrid are ranked; spin occupies a core even when idle, so it is only mentioned.\n\
    Exit status: 0 done, 1 failed, 2 wrong usage, or no answer.";

pub fn command() -> Command {
    Command::new("choose")
        .about("Rank the mechanisms for a purpose by the figures of this machine")
        .after_help(AFTER_HELP)
        .args([
            answer::<Partners>("between"),
            one("share", "LIST", format!("{} {}", Common::QUESTION, common())).value_parser(Common::parse),
            answer::<Ways>("direction"),
            answer::<Shape>("unit"),
            one("size", "BYTES", SIZE).value_parser(parse_size),
            one("clients", "N", CLIENTS).value_parser(parse_clients),
            answer::<Outlive>("outlive"),
            answer::<Priority>("priority"),
            Arg::new("results")
                .long("results")
                .value_name("DIR")
                .help("Take the figures from this directory, written by `--output`")
                .value_parser(value_parser!(PathBuf)),
            one(
                "duration",
                "TIME",
                "How long each row of a quick run is timed (default: set by the profile)",
            )
            .value_parser(parse_duration)
            .conflicts_with("results"),
            flag("json", "Print one JSON document"),
        ])
}

const SIZE: &str = "How long is a message, or a chunk of the stream, in bytes?";
const CLIENTS: &str = "How many clients does a server have?";

/// Returns an option with one of a few answers.
fn answer<T: Answer + Send + Sync>(name: &'static str) -> Arg {
    let words: Vec<_> = T::ALL.iter().map(|(_, word, meaning)| format!("{word} ({meaning})")).collect();
    one(name, "ANSWER", format!("{} {}", T::QUESTION, words.join(", "))).value_parser(T::parse)
}

/// Returns the things that can be shared, each with its word, as a help text.
fn common() -> String {
    let each: Vec<_> = Common::EACH.iter().map(|(what, word)| format!("{word} ({what})")).collect();
    format!("all, or a comma-separated list of {}", each.join(", "))
}

fn parse_clients(text: &str) -> Result<usize> {
    let number = text.parse().ok().filter(|number| (1..=1_000_000).contains(number));
    number.ok_or_else(|| Error::Usage(format!("invalid number of clients '{text}': expected 1 to 1000000")))
}

pub fn execute(matches: &ArgMatches) -> Result<ExitCode> {
    let purpose = purpose(matches)?;
    let each = matches.get_one("duration").copied();
    let document = document(matches.get_one::<PathBuf>("results"), &purpose, each)?;
    let choice = Choice::of(&purpose, &document, max_message);
    let text = if matches.get_flag("json") {
        format!("{}\n", serde_json::to_string_pretty(&choice).expect("plain data"))
    } else {
        text::text(&choice)
    };
    print(&text).map(|()| ExitCode::SUCCESS)
}

/// Returns all answers: from the command line, or from questions.
fn purpose(matches: &ArgMatches) -> Result<Purpose> {
    let mut clerk = Clerk { matches, asks: stdin().is_terminal(), taken: Vec::new() };
    let partners = clerk.one_of("between")?;
    let common = match partners {
        Partners::OtherHost => Common::ALL, // of which only the network counts
        _ => clerk.find("share", Common::QUESTION, &format!("  {}", common()), "all", Common::parse)?,
    };
    let purpose = Purpose {
        partners,
        common,
        ways: clerk.one_of("direction")?,
        shape: clerk.one_of("unit")?,
        size: clerk
            .find("size", SIZE, &format!("  {SIZES}"), "64", |text| parse_size(text).map_err(Error::Usage))?,
        clients: clerk.find("clients", CLIENTS, "  a number", "1", parse_clients)?,
        outlive: clerk.one_of("outlive")?,
        priority: clerk.one_of("priority")?,
    };
    if !clerk.taken.is_empty() {
        eprintln!("defaults used: {}", clerk.taken.join(" "));
    }
    Ok(purpose)
}

/// The collector of the answers.
struct Clerk<'a> {
    matches: &'a ArgMatches,
    asks: bool,
    /// The defaults that were taken without asking.
    taken: Vec<String>,
}

impl Clerk<'_> {
    fn one_of<T: Answer + Send + Sync>(&mut self, name: &'static str) -> Result<T> {
        let width = T::ALL.iter().map(|(_, word, _)| word.len()).max().unwrap_or(0);
        let hint: Vec<_> =
            T::ALL.iter().map(|(_, word, meaning)| format!("  {word:width$}  {meaning}")).collect();
        self.find(name, T::QUESTION, &hint.join("\n"), T::ALL[0].1, T::parse)
    }

    fn find<T: Clone + Send + Sync + 'static>(
        &mut self,
        name: &'static str,
        question: &str,
        hint: &str,
        usual: &str,
        read: fn(&str) -> Result<T>,
    ) -> Result<T> {
        if let Some(said) = self.matches.get_one::<T>(name) {
            return Ok(said.clone());
        }
        if self.asks {
            return ask(&mut stdin().lock(), &mut stderr(), question, hint, usual, read);
        }
        self.taken.push(format!("--{name} {usual}"));
        read(usual)
    }
}

/// Returns the figures: those named, the newest ones with this size, or fresh ones, for which each row is timed for
/// `each`.
fn document(named: Option<&PathBuf>, purpose: &Purpose, each: Option<Duration>) -> Result<Document> {
    if let Some(path) = named {
        return saved::load(path);
    }
    let place = saved::place();
    let newest = |wanted: &dyn Fn(&Document) -> bool| saved::newest(place.as_deref()?, wanted);
    let (size, clients) = (purpose.size, purpose.clients);
    let with_clients = (clients > 1).then(|| newest(&|run| enough::has_clients(run, size, clients)));
    let found = with_clients.flatten().or_else(|| newest(&|run| enough::is_enough(run, size)));
    if let Some((path, document)) = found {
        eprintln!("figures from {}, measured at {}", path.display(), document.environment.timestamp);
        return Ok(document);
    }
    measure(purpose, each, place.as_deref())
}

/// Returns the longest message that a link of this variant carries here; `None` if there is no such link.
fn max_message(member: &'static Member, variant: &'static str) -> Option<usize> {
    let (kind, wait, placement) = (Kind::RoundTrip, Wait::Block, Placement::resolve(Cpus::available()).ok()?);
    let case = Case { member, variant, kind, size: 1, wait, placement, rate: None, clients: 1 };
    let pair = sides::start(case).ok()?;
    let max = pair.max_message();
    pair.finish().ok()?;
    Some(max)
}

/// Measures everything quickly with messages of this size.
fn measure(purpose: &Purpose, each: Option<Duration>, place: Option<&Path>) -> Result<Document> {
    let time = if each.is_none() { ", about 20 seconds" } else { "" };
    eprintln!("no figures of this size on this machine: starting a quick run{time}");
    let placement = Placement::resolve(Cpus::available())?;
    let ways: Vec<_> = registry::all().collect();
    let mut cases = Vec::new();
    for kind in Kind::USUAL {
        for wait in Wait::ALL {
            let case = |&(member, variant): &(_, &ipc_core::Variant)| Case {
                member,
                variant: variant.name,
                kind,
                size: purpose.size,
                wait,
                placement,
                rate: None,
                clients: 1,
            };
            cases.extend(ways.iter().map(case));
        }
    }
    let stop = Stop::on_signals()?;
    let plan = RunPlan {
        profile: RunProfile::Quick,
        cases,
        effort: each.map(Effort::About),
        baseline: false,
        verify: false,
    };
    let document = run::run(&plan, &stop);
    stop.end_as_told();
    match place.map(|place| saved::keep(place, &document)) {
        Some(Ok(path)) => eprintln!("saved as {}", path.display()),
        Some(Err(error)) => eprintln!("not saved: {error}"),
        None => eprintln!("not saved: there is no home directory"),
    }
    Ok(document)
}
