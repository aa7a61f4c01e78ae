//! `ipc-bench report`: saved results as a page of charts.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use ipc_bench::{report, saved};
use ipc_core::{Call, Result};

pub fn command() -> Command {
    let path = value_parser!(PathBuf);
    Command::new("report").about("Makes a page of charts from saved results").args([
        Arg::new("results")
            .value_name("DIR")
            .required(true)
            .help("Where `run --output` saved them, or the file itself")
            .value_parser(path.clone()),
        Arg::new("output")
            .long("output")
            .value_name("FILE")
            .help("Write the page there (default: report.html beside the results)")
            .value_parser(path),
    ])
}

pub fn execute(matches: &ArgMatches) -> Result<ExitCode> {
    let results: &PathBuf = matches.get_one("results").expect("required");
    let document = saved::load(results)?;
    let beside =
        || if results.is_dir() { results.join("report.html") } else { results.with_file_name("report.html") };
    let page = matches.get_one("output").cloned().unwrap_or_else(beside);
    report::save(&document, &page).call("write")?;
    super::print(&format!("{}\n", page.display())).map(|()| ExitCode::SUCCESS)
}
