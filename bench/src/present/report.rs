//! The results as one page with charts: a single file that needs no network, and is readable without a script.
//!
//! | file | contents |
//! |---|---|
//! | `data.rs` | the views of the results that the page needs |
//! | `overview.rs` | the course's table with figures beside it; a few sentences |
//! | `curves.rs`, `dots.rs` | the charts and their contents |
//! | `figure.rs`, `chart.rs`, `axis.rs` | a chart as HTML and SVG |
//! | `tables.rs`, `html.rs` | the tables; text as HTML |
//! | `page.html`, `page.css`, `chart.css`, `page.js`, `guide.html` | the frame; how to read it |

mod charts;
mod data;
mod html;
mod overview;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};

use crate::present::report::charts::figure::Figure;
use crate::present::report::charts::{clients, curves, dots};
use crate::present::report::data::Data;
use crate::present::report::html::{escape, list};
use ipc_core::{Advise as _, Call as _, Result};

use crate::results::document::{Document, NotMeasured};

/// Writes the page to a file.
///
/// # Errors
/// The file cannot be written.
pub fn save(document: &Document, path: &Path) -> Result<()> {
    ipc_demo::save(path, page(document).as_bytes())
}

/// Writes the page to `ipc-report/index.html` in cargo's target directory, and returns its path.
///
/// # Errors
/// The file cannot be written.
pub fn write(document: &Document) -> Result<PathBuf> {
    let dir = target_directory().join("ipc-report");
    fs::create_dir_all(&dir).call("mkdir").on(dir.display())?;
    let path = dir.join("index.html");
    save(document, &path)?;
    Ok(path)
}

/// Returns cargo's target directory. This program runs from inside it, and cargo marks it as a cache; without the mark,
/// returns the directory to which a relative `target` would lead.
fn target_directory() -> PathBuf {
    let chosen = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let marked = || {
        let program = std::env::current_exe().ok()?;
        program.ancestors().find(|dir| dir.join("CACHEDIR.TAG").is_file()).map(Path::to_owned)
    };
    chosen.or_else(marked).unwrap_or_else(|| PathBuf::from("target"))
}

/// Returns the page.
#[must_use]
pub fn page(document: &Document) -> String {
    let data = Data::of(document);
    let content: String = sections(&data).iter().map(Section::html).collect();
    let links: String = sections(&data).iter().map(Section::link).collect();
    let parts = [
        ("style", include_str!("report/page.css").into()),
        ("chart-style", include_str!("report/chart.css").into()),
        ("script", include_str!("report/page.js").into()),
        ("guide", include_str!("report/guide.html").into()),
        ("about", escape(&about(document))),
        ("warnings", warnings(&data)),
        ("links", links),
        ("sections", content),
    ];
    filled(include_str!("report/page.html"), &parts)
}

/// Returns the template with each of its `{{names}}` replaced once: the replacements are not searched again.
fn filled(template: &str, parts: &[(&str, String)]) -> String {
    let mut pieces = template.split("{{");
    let mut page = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").expect("closed in page.html");
        let part = parts.iter().find(|part| part.0 == name).expect("all names of page.html are known");
        page += &part.1;
        page += rest;
    }
    page
}

/// A part of the page that the contents link to.
struct Section {
    id: &'static str,
    title: &'static str,
    /// The text before its contents: plain text.
    says: &'static str,
    html: String,
}

impl Section {
    fn html(&self) -> String {
        let Self { id, title, says, html } = self;
        let says = if says.is_empty() { String::new() } else { format!("<p>{}</p>\n", escape(says)) };
        if html.is_empty() {
            String::new()
        } else {
            format!("<section id=\"{id}\">\n<h2>{title}</h2>\n{says}{html}</section>\n")
        }
    }

    fn link(&self) -> String {
        let Self { id, title, html, .. } = self;
        if html.is_empty() { String::new() } else { format!("<li><a href=\"#{id}\">{title}</a></li>\n") }
    }
}

/// Returns all sections; those without data are empty, and are left out.
fn sections(data: &Data) -> Vec<Section> {
    let document = data.document;
    let section = |id, title, says, html| Section { id, title, says, html };
    let draw = |figure: Figure| figure.html(&data.usual.name());
    let mut percentiles = draw(curves::percentiles(data, "percentiles", data.short));
    if data.long != data.short {
        percentiles += &draw(curves::percentiles(data, "percentiles-long", data.long));
    }
    let others = [tables::others(data), tables::growth(data)].map(|table| tables::titled(&table)).concat();
    let baselines = draw(curves::baseline(data)) + &tables::baseline(data).html() + &others;
    vec![
        section("glance", "At a glance", "", glance(data)),
        section("six", "The six", TABLE, overview::course(data).html()),
        section("latencies", "Latency", "", draw(curves::latency(data)) + &percentiles),
        section("throughputs", "Throughput", "", draw(curves::throughput(data))),
        section("costs", "Cost", COST, draw(dots::tradeoff(data)) + &tables::costs(data)),
        section("loops", "Open loop", OPEN, draw(dots::open_loop(data)) + &tables::open_loop(data).html()),
        section(
            "many",
            "Many clients",
            clients::SAYS,
            draw(clients::chart(data)) + &clients::table(data).html(),
        ),
        section("floors", "Beside the floor", BASELINE, baselines),
        section("figures", "All figures", "", tables::figures(data)),
        section("unstable", "Unstable rows", UNSTABLE, tables::doubtful(data)),
        section("checked", "Checked messages", "", checked(document)),
        section("skipped", "Skipped", "", missing(&document.skipped)),
        section("failed", "Failed", "", missing(&document.failed)),
        section("notes", "Notes", "", list(document.notes.iter().cloned())),
        section("environment", "Measured on", "", environment(document)),
    ]
}

const TABLE: &str =
    "The course's table, and beside it what was measured here, for each way to build a mechanism.";
const COST: &str = "Latency is not all: a side that polls keeps a CPU busy that others could use.";
const BASELINE: &str = "The floor is the same exchange by bare system calls, without the suite. It was played in rounds \
                     that took turns with the suite's.";
const OPEN: &str = "Closed loop: the next message waits for the answer to the last one, so that a stall delays one message. \
                    Open loop: messages are due at fixed times, whatever happens. From the sending is what the exchange \
                    itself took; as intended counts from when the message was due, so that a message that waited \
                    behind a stall counts too. Where the last is far above the others, the closed loop hides the waiting.";
const UNSTABLE: &str = "Their rounds differ by more than a tenth. Take their figures with care: the machine was busy, or \
                        the mechanism has two modes.";

fn glance(data: &Data) -> String {
    match list(overview::sentences(data)) {
        said if said.is_empty() => said,
        said => format!(
            "{said}<p>Which one is right for you also depends on who talks to whom: <code>ipc-bench choose</code> asks, \
             and ranks the six by these figures.</p>\n"
        ),
    }
}

/// Describes the run in a sentence.
fn about(document: &Document) -> String {
    let environment = &document.environment;
    let cpu = environment.cpu_model.as_deref().unwrap_or("an unknown CPU");
    let profile = match document.profile.as_str() {
        "" => String::new(),
        name => format!("Profile {name}. "),
    };
    let rows = document.results.len();
    let took =
        if document.took_s > 0.0 { format!(" in {:.0} seconds", document.took_s) } else { String::new() };
    format!("{profile}{rows} rows{took}, measured on {cpu}, {}.", environment.timestamp)
}

/// Returns the warnings that a reader must see before the first figure.
fn warnings(data: &Data) -> String {
    let document = data.document;
    let unstable = data.rows.iter().filter(|row| row.is_unstable()).count();
    let warnings = [
        document.environment.debug_build.then(|| "A debug build: these figures are meaningless.".to_owned()),
        (!document.complete)
            .then(|| "The run was stopped early: rows have fewer rounds, or are missing.".to_owned()),
        (!document.failed.is_empty())
            .then(|| format!("{} cases failed: see the end.", document.failed.len())),
        (unstable > 0).then(|| format!("{unstable} of {} rows are unstable and marked so.", data.rows.len())),
        data.rows.is_empty().then(|| "Nothing was measured.".to_owned()),
    ];
    let warning = |text: String| format!("<p class=\"warning\">{}</p>\n", escape(&text));
    warnings.into_iter().flatten().map(warning).collect()
}

/// Returns the result of checking every message.
fn checked(document: &Document) -> String {
    let Some(verified) = &document.verified else { return String::new() };
    let wrong = verified.iter().filter_map(|case| {
        let error = case.error.as_ref()?;
        Some(format!("{} ({}) {} {}: {error}", case.mechanism, case.variant, case.kind.name(), case.size))
    });
    let messages: u64 = verified.iter().map(|case| case.messages).sum();
    let all =
        format!("{} messages of {} cases checked.", crate::results::units::grouped(messages), verified.len());
    format!("<p>{}</p>\n{}", escape(&all), list(wrong))
}

/// Returns the cases without figures, and the reasons.
fn missing(cases: &[NotMeasured]) -> String {
    list(cases.iter().map(ToString::to_string))
}

fn environment(document: &Document) -> String {
    let mut lines: Vec<(String, String)> = Vec::new();
    for (name, value) in document.environment.lines() {
        lines.push((name.into(), value));
    }
    lines.push(("one reading of the clock".into(), format!("{:.0} ns", document.clock_cost_ns)));
    let limits = document.limits.clone().unwrap_or_default();
    let core = limits.core_to_core_ns().map(|ns| format!("{ns:.0} ns"));
    lines.extend(core.map(|text| ("a cache line from core to core and back".into(), text)));
    let copy = limits.memcpy_bytes_per_s().map(|rate| format!("{} MB/s", data::figure(rate / 1e6)));
    lines.extend(copy.map(|text| ("one core copies memory".into(), text)));
    let line =
        |(name, value): &(String, String)| format!("<dt>{}</dt><dd>{}</dd>\n", escape(name), escape(value));
    format!("<dl>\n{}</dl>\n", lines.iter().map(line).collect::<String>())
}
