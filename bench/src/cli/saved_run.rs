//! The saved run that a subcommand is about: named on the command line, or the newest that can be trusted.

use std::path::{Path, PathBuf};

use clap::Arg;
use ipc_bench::results::document::Document;
use ipc_bench::results::environment::Environment;
use ipc_bench::results::{history, saved};
use ipc_core::Result;

/// The forms of RUN, for a help text.
pub const FORMS: &str = "latest, a number or name that `history` shows, or a directory";

/// Returns an argument that is a run.
pub fn run(name: &'static str, help: &str) -> Arg {
    Arg::new(name).value_name(name).help(help.to_owned()).long_help(format!("{help}: {FORMS}."))
}

/// Reads the run that is called `text`. Says which one that is, unless it was named by its path.
pub fn named(text: &str) -> Result<(PathBuf, Document)> {
    let path = history::find(saved::place().as_deref(), text)?;
    let document = saved::load(&path)?;
    if path.as_os_str() != text {
        say_which(&path);
    }
    Ok((path, document))
}

/// Reads the newest run of this machine that finished, took some time, and is `wanted`. Says which one that is, and why
/// a newer one was passed over. `None` if there is none.
pub fn newest(wanted: impl Fn(&Document) -> bool) -> Option<(PathBuf, Document)> {
    let mut passed_over = Vec::new();
    let found = find(wanted, &mut passed_over);
    say_why(&passed_over);
    found.inspect(|(dir, _)| say_which(dir))
}

/// Reads the newest of the other figures that are needed beside those of [`newest`], which has said what was passed over.
pub fn newest_beside(wanted: impl Fn(&Document) -> bool) -> Option<(PathBuf, Document)> {
    find(wanted, &mut Vec::new()).inspect(|(dir, _)| say_which(dir))
}

fn find(wanted: impl Fn(&Document) -> bool, passed_over: &mut Vec<String>) -> Option<(PathBuf, Document)> {
    let here = Environment::read();
    for (_, dir) in history::dirs(&saved::place()?) {
        let Ok(document) = saved::load(&dir) else { continue }; // such as one of an older version
        match history::passed_over(&document, &here) {
            Some(reason) => passed_over.push(format!("{}, as {reason}", history::name(&dir))),
            None if wanted(&document) => return Some((dir, document)),
            None => {}
        }
    }
    None
}

fn say_which(path: &Path) {
    eprintln!("figures from {}", path.display());
}

/// Names the newest of the runs that were passed over.
fn say_why(passed_over: &[String]) {
    if let [newest, others @ ..] = passed_over {
        let others = if others.is_empty() { String::new() } else { format!("; and {} more", others.len()) };
        eprintln!("passed over: {newest}{others}");
    }
}
