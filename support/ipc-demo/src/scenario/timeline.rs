//! A run as text: a line for each event.

use std::path::Path;

use super::event::{Call, Event, Kind, Source};

/// The columns of a terminal as it usually is.
const WIDTH: usize = 80;

/// The length up to which a text is shown whole.
const SHOWN: usize = 40;

/// Formats `text` behind `margin`, in as many lines as it takes.
pub(super) fn paragraph(text: &str, margin: &str) -> String {
    let indent = " ".repeat(margin.chars().count());
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(margin)
        .subsequent_indent(&indent)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::fill(text, options) + "\n"
}

/// Formats a text in quotation marks, or its length.
#[must_use]
pub fn quoted(text: &str) -> String {
    if is_short(text) { format!("\"{text}\"") } else { shortened(text) }
}

/// Formats a text as it is, or its length.
#[must_use]
pub fn shortened(text: &str) -> String {
    if is_short(text) { text.into() } else { format!("{} bytes", text.len()) }
}

fn is_short(text: &str) -> bool {
    text.len() <= SHOWN
}

/// Formats an event: the time, the process, what happened, and the line of the scenario that has it happen. `None` for
/// one that the timeline does not show.
pub(super) fn line(event: &Event, object: &str) -> Option<String> {
    let pid = event.pid.map(|pid| pid.to_string()).unwrap_or_default();
    let name = if event.kind == Kind::Object { object } else { event.actor.as_deref().unwrap_or_default() };
    let margin = format!("{:6.1} ms  {name:<10} {pid:>7}  ", event.t_ms);
    let source = event.source.as_ref().map(|source| format!("  {}", place(source)));
    let is_shown = match event.kind {
        Kind::Question => false, // the reader of a text sees the answer at once
        Kind::Begin => event.is_announced,
        _ => true,
    };
    is_shown.then(|| paragraph(&(what(event) + &source.unwrap_or_default()), &margin))
}

/// Returns what happened, in words.
pub(super) fn what(event: &Event) -> String {
    let call = || event.call.as_ref().map(call_text).unwrap_or_default();
    let text = || event.text.clone();
    match event.kind {
        Kind::Begin => format!("{}: begins", call()),
        Kind::Sleep => {
            let threads = text().map(|text| format!(", {text}"));
            format!("{}: sleeps{}", call(), threads.unwrap_or_default())
        }
        Kind::Return => {
            let slept = event.slept_ms.map(|slept| format!(", having slept {slept:.1} ms"));
            let outcome = event.outcome.clone().unwrap_or_default();
            format!("{}: {outcome}{}", call(), slept.unwrap_or_default())
        }
        Kind::Check => {
            format!("{} {}", if event.ok == Some(true) { "✓" } else { "✗" }, text().unwrap_or_default())
        }
        Kind::Start => "starts".into(),
        Kind::Exit => "exits".into(),
        Kind::Object | Kind::Signal | Kind::Kill | Kind::Note | Kind::Question => text().unwrap_or_default(),
    }
}

/// Formats a call.
pub(super) fn call_text(call: &Call) -> String {
    if call.args.is_empty() { call.name.clone() } else { format!("{}({})", call.name, call.args.join(", ")) }
}

/// Formats a line of code: the name of the file, and the number of the line.
pub(super) fn place(source: &Source) -> String {
    let file = Path::new(&source.file).file_name().unwrap_or_default().display();
    format!("{file}:{}", source.line)
}
