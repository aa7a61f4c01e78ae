//! The harness: measures all six, prints the tables.

mod args;

use std::io::Write as _;
use std::process::ExitCode;

use args::{Form, Parsed};
use indicatif::{ProgressBar, ProgressStyle};
use ipc_bench::{Case, Document, Effort, clean, course, table};
use ipc_core::demo::{interrupt, report};
use ipc_core::{Call, Result};

fn main() -> ExitCode {
    if let Some(status) = ipc_bench::serve_if_invited() {
        return status;
    }
    let parsed = match args::parse() {
        Ok(parsed) => parsed,
        Err(status) => return status,
    };
    let result = interrupt::clean_up_on_signals().and_then(|()| match parsed {
        Parsed::Measure { cases, effort, floor, json } => measure(&cases, effort, floor, json),
        Parsed::List(form) => list(&form).map(|()| ExitCode::SUCCESS),
        Parsed::Clean => clean::clean().and_then(|story| print(&story)).map(|()| ExitCode::SUCCESS),
    });
    result.unwrap_or_else(|error| report(Err(error)))
}

fn measure(cases: &[Case], effort: Effort, floor: bool, json: bool) -> Result<ExitCode> {
    let mut document = Document::empty();
    if document.environment.debug_build {
        eprintln!("warning: this is a debug build; for figures: cargo run --release -p ipc-bench");
    }
    // Draws on standard error, and only if that is a terminal; only between two rows, so as not to disturb one.
    let progress = ProgressBar::new(cases.len() as u64);
    let style = "{bar:30} {pos}/{len} {msg}";
    progress.set_style(ProgressStyle::with_template(style).expect("a valid template"));
    for case in cases {
        progress.set_message(case.to_string());
        progress.tick();
        document.add(*case, effort, floor);
        progress.inc(1);
    }
    progress.finish_and_clear();
    for failed in &document.failed {
        eprintln!("error: {failed}");
    }
    if json {
        print(&format!("{}\n", serde_json::to_string_pretty(&document).expect("plain data")))?;
    } else {
        print(&table::text(&document))?;
    }
    Ok(if document.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn list(form: &Form) -> Result<()> {
    print(&match form {
        Form::Text => format!("{}\n", course::text()),
        Form::Markdown => format!("{}\n", course::markdown()),
        Form::Json => format!("{:#}\n", course::json()),
    })
}

/// Prints to standard output; a reader that is gone is an error, not a panic.
fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).call("write")
}
