//! `ipc-bench report`: saved results as a page of charts.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use ipc_bench::present::report;
use ipc_bench::results::document::Document;
use ipc_bench::results::{output, saved};
use ipc_core::{Error, Result};
use ipc_demo::print;

use super::saved_run;

pub fn command() -> Command {
    let path = value_parser!(PathBuf);
    Command::new("report").about("Turn saved results into a page of charts").args([
        saved_run::run("RUN", "Run to draw (default: the newest of this machine)"),
        Arg::new("output")
            .long("output")
            .value_name("FILE")
            .help("File to write (default: report.html beside the results)")
            .value_parser(path),
    ])
}

pub fn execute(matches: &ArgMatches) -> Result<ExitCode> {
    let (results, document) = match matches.get_one::<String>("RUN") {
        Some(name) => saved_run::named(name)?,
        None => newest()?,
    };
    let beside = || {
        if results.is_dir() { results.join(saved::PAGE) } else { results.with_file_name(saved::PAGE) }
    };
    let page = matches.get_one("output").cloned().unwrap_or_else(beside);
    let better = "choose a file in an existing directory that you may write to";
    report::save(&document, &page).map_err(|error| output::advised(error, better))?;
    print(&format!("{}\n", page.display())).map(|()| ExitCode::SUCCESS)
}

/// Returns the newest run that was kept, with its directory.
fn newest() -> Result<(PathBuf, Document)> {
    let none = "no saved run on this machine: measure first, or name a RUN of `ipc-bench history`";
    saved_run::newest(|_| true).ok_or_else(|| Error::Refused(none.into()))
}
