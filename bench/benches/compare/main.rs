//! `cargo bench`: compares all six, and leaves a saved run, a page of charts and criterion's reports.
//!
//! | file | contents |
//! |---|---|
//! | `arguments.rs` | the arguments: those of criterion, and two that count for both |
//! | `rounds.rs` | the comparison, in rounds that take turns: what the page, the summary and the saved run are made from |
//! | `groups.rs` | criterion: one variant after another, one group for each kind and size |
//! | `beside.rs` | criterion in a process of its own, whose output goes to a file |
//!
//! With arguments for criterion, a filter or a baseline, only criterion runs, and says what it always says.

mod arguments;
mod beside;
mod groups;
mod rounds;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use ipc_bench::doctor::watched;
use ipc_bench::measure::child;
use ipc_bench::measure::run;
use ipc_bench::measure::run::plan::RunPlan;
use ipc_bench::measure::run::stop::Stop;
use ipc_bench::present::report;
use ipc_bench::present::summary::Summary;
use ipc_bench::results::document::Document;
use ipc_bench::results::units::duration;
use ipc_core::Result;
use ipc_core::ring::guard;
use ipc_demo::{interrupt, print};

use arguments::Arguments;
use beside::Ending;
use rounds::Place;

fn main() -> ExitCode {
    // For this process and for its children, which run this program too.
    if let Err(error) = guard::install() {
        return ipc_demo::report(Err(error));
    }
    if let Some(status) = child::serve_if_invited() {
        return status;
    }
    let arguments = Arguments::of_this_process();
    let done = if arguments.only_criterion || beside::is_invited() {
        interrupt::clean_up_on_signals().and_then(|()| groups::run(&arguments)).map(|()| ExitCode::SUCCESS)
    } else {
        compare(&arguments)
    };
    done.unwrap_or_else(|error| ipc_demo::report(Err(error)))
}

/// Measures in rounds, then by criterion, and sums up.
fn compare(arguments: &Arguments) -> Result<ExitCode> {
    let stop = Stop::on_signals()?;
    let place = Place::of_this_user();
    let plan = rounds::plan(arguments.profile())?;
    eprintln!("rounds that take turns, then criterion: about {}", duration(expected(arguments, &plan)));
    let document = watched::run(&plan, &stop, groups::expected(arguments));
    for failed in &document.failed {
        eprintln!("error: {failed}");
    }
    if document.results.is_empty() {
        eprintln!("nothing was measured, and nothing is kept");
        stop.end_as_told();
        return Ok(ExitCode::FAILURE);
    }
    let kept = place.keep(&document);
    let page = report::write(&document)?;
    let log = page.with_file_name("criterion.txt");
    let criterion = if stop.is_set() { Ending::Stopped } else { beside::run(arguments, &log, &stop)? };
    print(&closing(&document, &kept, &criterion, &log, &page))?;
    stop.end_as_told();
    let is_good = document.failed.is_empty() && matches!(criterion, Ending::Good);
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the time that everything will take.
fn expected(arguments: &Arguments, plan: &RunPlan) -> Duration {
    /// To start a row's processes, to see that they work, and to count their system calls.
    const BESIDES: Duration = Duration::from_millis(50);
    let rounds = run::expected(plan).unwrap_or_default() + BESIDES * plan.cases.len() as u32;
    rounds + groups::expected(arguments)
}

/// Returns the last lines: what disturbed, the conclusions, and where everything is; the page at the very end.
fn closing(document: &Document, kept: &str, criterion: &Ending, log: &Path, page: &Path) -> String {
    let mut lines = Summary::of(document).lines();
    lines.push(String::new());
    lines.push(kept.to_owned());
    let log = log.display();
    lines.push(match criterion {
        Ending::Good => format!("criterion's output: {log}"),
        Ending::Shown => "criterion's output: above".into(),
        Ending::Stopped => "criterion was ended early, or had not begun".into(),
        Ending::Failed => format!("criterion failed; its output: {log}"),
    });
    lines.push(page.display().to_string());
    lines.join("\n") + "\n"
}
