//! `ipc-bench compare`: the changes between two runs.

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use ipc_bench::present::compare::{self, Comparison};
use ipc_core::{Error, Result};
use ipc_demo::print;

use super::arguments::{flag, one, width};
use super::saved_run;

/// Exit status for a comparison that found one: 1 would be taken for a failure to compare.
const REGRESSION: u8 = 3;

const EXIT_STATUS: &str =
    "Exit status: 0 no regression, 1 failed, or runs that cannot be compared, 2 wrong usage, 3 a regression.";

const ROWS: &str = "Rows are matched by mechanism, variant, kind, size, wait strategy, placement, clients and rate. \
    The factor between the two, and its 95 % interval, come from the rounds of both. A row is a regression if its \
    time grew by more than the threshold, beyond doubt among so many rows: the more rows, the more it takes.";

pub fn command() -> Command {
    Command::new("compare")
        .about("Show what changed between two saved runs, and how certain that is")
        .after_help(EXIT_STATUS)
        .after_long_help(format!("{ROWS}\n{EXIT_STATUS}"))
        .args([
            saved_run::run("OLD", "Run to compare with").required(true),
            saved_run::run("NEW", "Run to be judged (default: the newest of this machine)"),
            one("threshold", "PERCENT", "Smallest change that counts")
                .value_parser(parse_percent)
                .default_value("5"),
            flag("anyway", "Compare even if the machines or the builds differ"),
            flag("json", "Print one JSON document"),
        ])
}

pub fn execute(matches: &ArgMatches) -> Result<ExitCode> {
    let (_, old) = saved_run::named(matches.get_one::<String>("OLD").expect("required"))?;
    let (_, new) = match matches.get_one::<String>("NEW") {
        Some(name) => saved_run::named(name)?,
        None => saved_run::newest(|_| true)
            .ok_or_else(|| Error::Refused("no saved run on this machine: name a NEW".into()))?,
    };
    let threshold: f64 = *matches.get_one("threshold").expect("it has a default");
    let comparison = Comparison::of(&old, &new, threshold / 100.0);
    if !comparison.different.is_empty() && !matches.get_flag("anyway") {
        return Err(Error::Refused(format!(
            "the runs cannot be compared: {}; use `--anyway` to compare them nevertheless",
            comparison.different.join("; ")
        )));
    }
    let text = if matches.get_flag("json") {
        format!("{}\n", serde_json::to_string_pretty(&comparison).expect("plain data"))
    } else {
        compare::text::text(&comparison, width())
    };
    print(&text)?;
    Ok(if comparison.has_regression() { ExitCode::from(REGRESSION) } else { ExitCode::SUCCESS })
}

/// Parses a share in percent: `5`, `2.5`, `5%`.
fn parse_percent(text: &str) -> Result<f64> {
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse::<f64>().ok();
    let number = number.filter(|number| (0.0..=1000.0).contains(number));
    number.ok_or_else(|| Error::Usage(format!("invalid share in percent '{text}': expected 0 to 1000")))
}
