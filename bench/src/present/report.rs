//! The results as one page with charts: a single file that needs no network, and is readable without a script.
//!
//! | file | contents |
//! |---|---|
//! | `data.rs` | the views of the results that the page needs |
//! | `overview.rs` | the course's table with figures beside it; a few sentences |
//! | `curves.rs`, `dots.rs` | the charts and their contents |
//! | `figure.rs`, `chart.rs`, `axis.rs` | a chart as HTML and SVG |
//! | `tables.rs`, `html.rs` | the tables |
//! | `page.css`, `chart.css`, `page.js`, `guide.html` | the looks; the script; how to read it |

mod charts;
mod data;
mod html;
mod overview;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};

use maud::{DOCTYPE, Markup, PreEscaped, Render as _, html};

use crate::present::report::charts::figure::Figure;
use crate::present::report::charts::{clients, curves, dots};
use crate::present::report::data::Data;
use crate::present::report::html::list;
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
    let mut sections = sections(&data);
    sections.retain(|section| !section.contents.0.is_empty());
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (TITLE) }
                style id="chart-style" { (PreEscaped(include_str!("report/chart.css"))) }
                style { (PreEscaped(include_str!("report/page.css"))) }
                script { "document.documentElement.classList.add('js');" }
            }
            body {
                header {
                    h1 { (TITLE) }
                    p { (about(document)) }
                    @for warning in warnings(&data) { p.warning { (warning) } }
                    nav aria-label="Contents" {
                        ul { @for Section { id, title, .. } in &sections { li { a href={ "#" (id) } { (title) } } } }
                    }
                }
                main {
                    details #guide {
                        summary { "How to read this" }
                        (PreEscaped(include_str!("report/guide.html")))
                    }
                    @for Section { id, title, says, contents } in &sections {
                        section id=(id) {
                            h2 { (title) }
                            @if !says.is_empty() { p { (says) } }
                            (contents)
                        }
                    }
                }
                script { (PreEscaped(include_str!("report/page.js"))) }
            }
        }
    };
    // A chart is saved as XML, which cannot represent control characters.
    page.0.replace(|letter: char| letter.is_control() && !"\n\t".contains(letter), "\u{fffd}")
}

const TITLE: &str = "Six ways to talk between two processes";

/// A part of the page that the contents link to.
struct Section {
    id: &'static str,
    title: &'static str,
    /// The text before its contents.
    says: &'static str,
    contents: Markup,
}

/// Returns all sections; those without data are empty.
fn sections(data: &Data) -> Vec<Section> {
    let document = data.document;
    let section = |id, title, says, contents| Section { id, title, says, contents };
    let draw = |figure: Figure| figure.html(&data.usual.name());
    let latencies = html! {
        (draw(curves::latency(data)))
        (draw(curves::percentiles(data, "percentiles", data.short)))
        @if data.long != data.short { (draw(curves::percentiles(data, "percentiles-long", data.long))) }
    };
    let costs = html! { (draw(dots::tradeoff(data))) (tables::costs(data)) };
    let loops = html! { (draw(dots::open_loop(data))) (tables::open_loop(data)) };
    let many = html! { (draw(clients::chart(data))) (clients::table(data)) };
    let baselines = html! {
        (draw(curves::baseline(data)))
        (tables::baseline(data))
        (tables::titled(&tables::others(data)))
        (tables::titled(&tables::growth(data)))
    };
    vec![
        section("glance", "At a glance", "", glance(data)),
        section("six", "The six", TABLE, overview::course(data).render()),
        section("latencies", "Latency", "", latencies),
        section("throughputs", "Throughput", "", draw(curves::throughput(data))),
        section("costs", "Cost", COST, costs),
        section("loops", "Open loop", OPEN, loops),
        section("many", "Many clients", clients::SAYS, many),
        section("floors", "Beside the floor", BASELINE, baselines),
        section("figures", "All figures", "", tables::figures(data)),
        section("unstable", "Unstable rows", UNSTABLE, tables::doubtful(data)),
        section("checked", "Checked messages", "", checked(document)),
        section("skipped", "Skipped", "", missing(&document.skipped)),
        section("failed", "Failed", "", missing(&document.failed)),
        section("notes", "Notes", "", list(&document.notes)),
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

fn glance(data: &Data) -> Markup {
    let sentences = overview::sentences(data);
    html! {
        (list(&sentences))
        @if !sentences.is_empty() {
            p {
                "Which one is right for you also depends on who talks to whom: "
                code { "ipc-bench choose" }
                " asks, and ranks the six by these figures."
            }
        }
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
fn warnings(data: &Data) -> impl Iterator<Item = String> {
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
    warnings.into_iter().flatten()
}

/// Returns the result of checking every message.
fn checked(document: &Document) -> Markup {
    let Some(verified) = &document.verified else { return Markup::default() };
    let wrong = verified.iter().filter_map(|case| {
        let error = case.error.as_ref()?;
        Some(format!("{} ({}) {} {}: {error}", case.mechanism, case.variant, case.kind.name(), case.size))
    });
    let messages: u64 = verified.iter().map(|case| case.messages).sum();
    let all =
        format!("{} messages of {} cases checked.", crate::results::units::grouped(messages), verified.len());
    html! { p { (all) } (list(&wrong.collect::<Vec<_>>())) }
}

/// Returns the cases without figures, and the reasons.
fn missing(cases: &[NotMeasured]) -> Markup {
    list(&cases.iter().map(ToString::to_string).collect::<Vec<_>>())
}

fn environment(document: &Document) -> Markup {
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
    html! { dl { @for (name, value) in lines { dt { (name) } dd { (value) } } } }
}
