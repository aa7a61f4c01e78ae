//! `ipc-bench choose`: recommends a mechanism.
//!
//! | file | contents |
//! |---|---|
//! | `choose.rs` | the arguments |
//! | `answers.rs` | the purpose: from the arguments, or from a dialogue |
//! | `figures.rs` | the figures: saved ones, or fresh ones |

mod answers;
mod figures;

use std::process::ExitCode;
use std::time::SystemTime;

use clap::{Arg, ArgMatches, Command};
use ipc_bench::present::choose::purpose::{Answer, Burn, Outlive, Partners, Priority, Shape, Ways};
use ipc_bench::present::choose::rate::Rate;
use ipc_bench::present::choose::{Choice, doubts, text};
use ipc_bench::results::environment::Environment;
use ipc_core::Result;
use ipc_demo::print;
use ipc_demo::units::{SIZES, TIMES, parse_duration, parse_size};

use super::arguments::{flag, one, width};
use super::saved_run;
use answers::{CLIENTS, DEADLINE, RATE, SHARE, SIZE, common, parse_clients, parse_common};

const AFTER_HELP: &str = "On a terminal, missing answers are asked for.\n\
    Exit status: 0 done, 1 failed, 2 wrong usage.";

const AFTER_LONG_HELP: &str = "On a terminal, missing answers are asked for; elsewhere, the defaults are used and reported.\n\
    With --rate, --deadline or --outlive, the default of --priority is simplicity: of all that are fast enough, the simplest.\n\
    The figures come from --results; or else from the newest saved run of this machine with this size (and this number \
    of clients); or else from a quick run, which is saved in $XDG_DATA_HOME/ipc-bench (~/.local/share/ipc-bench).\n\
    `hybrid` polls for a moment and then sleeps. `spin` is recommended only with --burn-cores.\n\
    Exit status: 0 done (also if nothing can do this), 1 failed or not enough figures, 2 wrong usage.";

pub fn command() -> Command {
    Command::new("choose")
        .about("Recommend a mechanism for a purpose, by the figures of this machine")
        .after_help(AFTER_HELP)
        .after_long_help(AFTER_LONG_HELP)
        .args([
            answer::<Partners>("between"),
            one("share", "LIST", "What they share: all, or pid,ipc,shm,dir,net")
                .long_help(format!("{SHARE} {}", common()))
                .value_parser(parse_common),
            answer::<Ways>("direction"),
            answer::<Shape>("unit"),
            one("size", "BYTES", "Length of a message: 64, 4K, 1MiB")
                .long_help(format!("{SIZE} {SIZES}"))
                .value_parser(parse_size),
            one("clients", "N", "Number of clients of one server")
                .long_help(CLIENTS)
                .value_parser(parse_clients),
            one("rate", "N", "Messages or bytes per second: 20k, 60fps, 1MiB/s")
                .long_help(format!("{RATE} {}", Rate::forms()))
                .value_parser(Rate::parse),
            one("deadline", "TIME", "Longest time for 99 of 100 messages: 1ms, 50us")
                .long_help(format!("{DEADLINE} {TIMES}"))
                .value_parser(parse_duration),
            answer::<Outlive>("outlive"),
            answer::<Priority>("priority"),
            answer::<Burn>("burn-cores").num_args(0..=1).default_missing_value(Burn::Yes.word()),
            one("results", "RUN", "Take the figures from this saved run")
                .long_help(format!("Take the figures from this run: {}.", saved_run::FORMS)),
            one("duration", "TIME", "How long each row of a quick run is timed")
                .long_help(format!(
                    "How long each row of a quick run is timed: {TIMES}. By default, the profile decides."
                ))
                .value_parser(parse_duration)
                .conflicts_with("results"),
            flag("all", "Also show the ranking, and what was excluded"),
            flag("json", "Print one JSON document"),
        ])
}

/// Returns an option with one of a few answers.
fn answer<T: Answer + Send + Sync>(name: &'static str) -> Arg {
    let each = |(_, word, meaning): &(T, &str, &str)| format!("{word} ({meaning})");
    let meanings: Vec<_> = T::ALL.iter().map(each).collect();
    one(name, "ANSWER", T::words())
        .long_help(format!("{} {}", T::QUESTION, meanings.join(", ")))
        .value_parser(T::parse)
}

pub fn execute(matches: &ArgMatches) -> Result<ExitCode> {
    let purpose = answers::purpose(matches)?;
    let each = matches.get_one("duration").copied();
    let named = matches.get_one::<String>("results");
    let mut document = figures::document(named, &purpose, each)?;
    let mut choice = Choice::of(&purpose, &document, figures::max_message);
    if choice.is_close && named.is_none() {
        figures::add_rate(&mut document, &purpose, each)?;
        choice = Choice::of(&purpose, &document, figures::max_message);
    }
    let elsewhere = doubts::of_elsewhere(&document, &Environment::read(), SystemTime::now());
    choice.warnings.extend(elsewhere);
    if !choice.is_by_figures() {
        choice.warnings.clear(); // there is no figure to doubt
    }
    let text = if matches.get_flag("json") {
        format!("{}\n", serde_json::to_string_pretty(&choice).expect("plain data"))
    } else {
        text::text(&choice, matches.get_flag("all"), width())
    };
    // "None can do this" is an answer; without figures there is none.
    let is_answered = choice.recommendation.is_some() || !choice.some_unmeasured;
    print(&text).map(|()| if is_answered { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
