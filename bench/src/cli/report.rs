//! `ipc-bench report`: saved results as a page of charts, or each chart as a file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use ipc_bench::present::report;
use ipc_bench::results::document::Document;
use ipc_bench::results::registry::{Member, member};
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
            .help("File to write (default: report.html with the results)")
            .value_parser(path.clone()),
        Arg::new("charts")
            .long("charts")
            .value_name("DIR")
            .help("Write each chart there, as SVG, instead of the page")
            .value_parser(path)
            .conflicts_with("output"),
        Arg::new("mechanism")
            .long("mechanism")
            .value_name("NAME")
            .help("Highlight this mechanism in the files")
            .value_parser(|name: &str| member(name))
            .requires("charts"),
    ])
}

pub fn execute(matches: &ArgMatches) -> Result<ExitCode> {
    let (results, document) = match matches.get_one::<String>("RUN") {
        Some(name) => saved_run::named(name)?,
        None => newest()?,
    };
    if let Some(dir) = matches.get_one::<PathBuf>("charts") {
        let mechanism = matches.get_one::<&Member>("mechanism").map(|member| member.profile.name);
        let better = "choose a directory that you may write to";
        let paths =
            report::save_charts(&document, mechanism, dir).map_err(|error| output::advised(error, better))?;
        let lines: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        return print(&(lines.join("\n") + "\n")).map(|()| ExitCode::SUCCESS);
    }
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
