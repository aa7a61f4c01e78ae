//! `ipc-bench history`, `show` and `prune`: the saved runs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use ipc_bench::present::history as present;
use ipc_bench::results::environment::Environment;
use ipc_bench::results::history::{self, Pruning};
use ipc_bench::results::saved;
use ipc_core::{Error, Result};
use ipc_demo::print;
use ipc_demo::units::{parse_count, parse_duration};

use super::arguments::{flag, one, width};
use super::{printing, saved_run};

pub fn history_command() -> Command {
    Command::new("history")
        .about("List the saved runs, the newest first")
        .after_help(
            "State: interrupted, short (less than a second) and elsewhere (another machine, kernel or build) are not taken \
             by `report`, `choose` and `compare` without being named.\n\
             A run is called by its number, its name, or the beginning of its name, in `show`, `report`, \
            `compare`, `choose --results` and `prune`.",
        )
        .arg(flag("json", "Print one JSON document"))
}

pub fn show_command() -> Command {
    Command::new("show")
        .about("Print a saved run again")
        .arg(saved_run::run("RUN", "Run to print").default_value(history::LATEST))
        .args(printing::arguments())
}

pub fn prune_command() -> Command {
    Command::new("prune")
        .about("Remove saved runs, and print each")
        .after_help(
            "With --keep and --older-than, a run is removed if both name it. Only runs that ipc-bench has named itself are \
             removed without being named; files that it did not write stay.\n\
             Without `prune`, saving a run removes all but the newest 20.",
        )
        .group(ArgGroup::new("which").args(["RUN", "keep", "older-than"]).required(true).multiple(true))
        .args([
            saved_run::run("RUN", "Runs to remove").action(ArgAction::Append).num_args(0..),
            one("keep", "N", "Remove all but the newest N").value_parser(parse_number_to_keep),
            one("older-than", "TIME", "Remove those that were saved longer ago: 7d, 12h").value_parser(parse_duration),
            Arg::new("dry-run")
                .long("dry-run")
                .short('n')
                .action(ArgAction::SetTrue)
                .help("Only print what would be removed"),
        ])
}

fn parse_number_to_keep(text: &str) -> std::result::Result<u64, String> {
    if text == "0" { Ok(0) } else { parse_count(text) }
}

pub fn list(matches: &ArgMatches) -> Result<ExitCode> {
    let place = place()?;
    let runs = history::runs(&place);
    if matches.get_flag("json") {
        return print(&present::json(&runs)).map(|()| ExitCode::SUCCESS);
    }
    if runs.is_empty() {
        eprintln!("no saved run in {}: `ipc-bench run` saves one", place.display());
        return Ok(ExitCode::SUCCESS);
    }
    print(&present::text(&runs, &Environment::read(), width().or(Some(80))))?;
    print(&format!("\nin {}\n", place.display())).map(|()| ExitCode::SUCCESS)
}

pub fn show(matches: &ArgMatches) -> Result<ExitCode> {
    let name: &String = matches.get_one("RUN").expect("it has a default");
    let (_, document) = saved_run::named(name)?;
    printing::document(matches, &document).map(|()| ExitCode::SUCCESS)
}

pub fn prune(matches: &ArgMatches) -> Result<ExitCode> {
    let place = place()?;
    let mut doomed = Vec::new();
    // All names first: a number means another run once one is gone.
    for name in matches.get_many::<String>("RUN").into_iter().flatten() {
        doomed.push(in_place(&place, name)?);
    }
    let keep = matches.get_one::<u64>("keep").map(|&keep| usize::try_from(keep).unwrap_or(usize::MAX));
    let older_than = matches.get_one::<Duration>("older-than").copied();
    if keep.is_some() || older_than.is_some() {
        doomed.extend(Pruning { keep, older_than }.doomed(&place, SystemTime::now()));
    }
    doomed.sort();
    doomed.dedup();
    for dir in &doomed {
        let name = dir.display();
        let line = if matches.get_flag("dry-run") {
            format!("would remove {name}\n")
        } else if saved::remove(dir)? {
            format!("removed {name}\n")
        } else {
            format!("removed the results in {name}; other files in it stay\n")
        };
        print(&line)?;
    }
    if doomed.is_empty() {
        eprintln!("no run to remove in {}", place.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the directory of a run that is kept in `place`: others belong to the user.
fn in_place(place: &Path, name: &str) -> Result<PathBuf> {
    let dir = history::find(Some(place), name)?;
    let is_there = dir.parent().and_then(|parent| parent.canonicalize().ok()) == place.canonicalize().ok();
    if is_there && dir.is_dir() {
        return Ok(dir);
    }
    let place = place.display();
    Err(Error::Refused(format!("{} is not a run in {place}: remove it by hand", dir.display())))
}

fn place() -> Result<PathBuf> {
    saved::place().ok_or_else(|| Error::Refused("there is no home directory, and so no saved run".into()))
}
