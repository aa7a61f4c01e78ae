//! The results as one page with charts: a single file that needs no network, and is readable without a script.
//!
//! | file | contents |
//! |---|---|
//! | `data.rs` | the views of the results that the page needs |
//! | `overview.rs` | the course's table with figures beside it; a few sentences |
//! | `charts.rs`, `files.rs` | the charts; each as a file |
//! | `tables.rs`, `tables/`, `html.rs` | the tables |
//! | `page.css`, `chart.css`, `page.js`, `guide.html` | the looks; the script; how to read it |

mod charts;
mod data;
mod files;
mod html;
mod overview;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};

use maud::{DOCTYPE, Markup, PreEscaped, Render as _, html};

use crate::present::report::charts::figure::Figure;
use crate::present::report::charts::series::Series;
use crate::present::report::charts::{
    baseline, clients, open_loop, others, percentiles, sizes, streams, waits,
};
use crate::present::report::data::{Data, UNSTABLE, named};
use crate::present::report::html::list;
use ipc_core::{Advise as _, Call as _, Result};

use crate::present::summary::Summary;
use crate::results::case::{self, Kind};
use crate::results::document::{Document, NotMeasured, Verified};
use crate::results::units::{self, bytes};

pub use self::files::{charts, save_charts};

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
    let (data, summary) = (Data::of(document), Summary::of(document));
    let mut sections = sections(&data, &summary);
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
                main {
                    header {
                        h1 { (TITLE) }
                        p.about { (about(document)) }
                        @for warning in warnings(document, &summary) { p.disturbed { (warning) } }
                    }
                    @for (at, Section { id, title, says, contents }) in sections.iter().enumerate() {
                        section id=(id) {
                            h2 { (title) }
                            @if !says.is_empty() { p { (says) } }
                            (contents)
                        }
                        // Beside everything on a screen; on a phone the first answer comes before it.
                        @if at == 0 { aside { (contents_list(&sections)) (legend(&data)) } }
                    }
                    section #guide {
                        h2 { "How to read this" }
                        (PreEscaped(include_str!("report/guide.html")))
                    }
                }
                script { (PreEscaped(include_str!("report/page.js"))) }
            }
        }
    };
    html::printable(&page.0)
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
fn sections(data: &Data, summary: &Summary) -> Vec<Section> {
    let document = data.document;
    let section = |id, title, says, contents| Section { id, title, says, contents };
    let draw = |figure: Figure| figure.html(&data.usual.name());
    let by_size = html! { (draw(sizes::latency(data))) (draw(sizes::throughput(data))) };
    let rare = html! {
        (draw(percentiles::chart(data, "percentiles", data.short)))
        @if data.long != data.short { (draw(percentiles::chart(data, "percentiles-long", data.long))) }
    };
    let costs = html! { (draw(waits::cpu_time(data))) (tables::costs::tables(data)) };
    let loops = html! { (draw(open_loop::chart(data))) (tables::paced::open_loops(data)) };
    let streams = html! { (draw(streams::chart(data))) (tables::paced::streams(data)) };
    let libraries = html! { (draw(others::chart(data))) (others::tables(data)) };
    let many = html! { (draw(clients::chart(data))) (clients::table(data)) };
    let is_measured = !data.rows.is_empty() || !document.has_others();
    let six = if is_measured { overview::course(data).render() } else { Markup::default() };
    let baselines = html! {
        (draw(baseline::chart(data)))
        (draw(sizes::overhead(data)))
        (tables::floors::baseline(data))
        (tables::titled(&tables::floors::others(data)))
        (tables::titled(&tables::floors::growth(data)))
    };
    vec![
        section("glance", "At a glance", "", glance(data, summary)),
        section("sizes", "By message size", "", by_size),
        section("rare", "Percentiles", "", rare),
        section("costs", "Cost", COST, costs),
        section("loops", "Open loop", OPEN, loops),
        section("paced", Kind::Stream.title(), STREAM, streams),
        section("batches", "Batches", BATCHES, html! { (tables::titled(&tables::batches::table(data))) }),
        section("many", "Many clients", clients::SAYS, many),
        section("floors", "Beside the floor", BASELINE, baselines),
        section("others", "Other libraries", others::SAYS, libraries),
        section("six", "The six", TABLE, six),
        section("figures", "All figures", "", tables::figures::tables(data)),
        section("unstable", "Unstable rows", DOUBTFUL, tables::doubtful(data)),
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
                    behind a stall counts too.";
const STREAM: &str = "One side sends at fixed times, as a sensor does, and the other reads. Late are the messages that \
                      were not yet there when the next one was meant to be sent.";
const BATCHES: &str = "So many messages left together. That is another way to use a link: these figures are in no other chart \
                       and no ranking.";
const SIGN: &str = " after a figure, or a hollow marker on a line: its rounds differ by more than a tenth; take it with care.";
const DOUBTFUL: &str = "Their rounds differ by more than a tenth. Take their figures with care: the machine was busy, or \
                        the mechanism has two modes.";

/// Returns the conclusions, and the charts from which they follow.
fn glance(data: &Data, summary: &Summary) -> Markup {
    html! {
        (overview::conclusions(summary))
        (waits::round_trip(data).html(&data.usual.cpus))
        @if data.rows.iter().any(|row| row.is_unstable()) { p #sign.quiet { (UNSTABLE) (SIGN) } }
        (waits::throughput(data).html(&data.usual.cpus))
        @if !summary.rankings.is_empty() {
            p.quiet { "Which one is right for you also depends on who talks to whom: " code { "ipc-bench choose" } " asks." }
        }
    }
}

/// Returns the links to all sections.
fn contents_list(sections: &[Section]) -> Markup {
    html! {
        nav aria-label="Contents" {
            h2 { "Contents" }
            ul {
                @for Section { id, title, .. } in sections { li { a href={ "#" (id) } { (title) } } }
                li { a href="#guide" { "How to read this" } }
            }
        }
    }
}

/// Returns the one legend of all charts: a button for each series.
fn legend(data: &Data) -> Markup {
    let mut all: Vec<Series> = data.rows.iter().map(|row| Series::of(&row.mechanism, &row.variant)).collect();
    all.sort_by_key(Series::order);
    all.dedup();
    html! {
        @if !all.is_empty() {
            h2 #legend { "In all charts" }
            ul.legend aria-labelledby="legend" {
                @for series in &all {
                    li {
                        button type="button" data-series=(series.key) aria-pressed="true" {
                            (series.swatch())
                            (series.label)
                        }
                    }
                }
                @if all.len() > 2 { li.script { button.all type="button" { "hide all" } } }
            }
        }
    }
}

/// Describes the run in a line.
fn about(document: &Document) -> String {
    let environment = &document.environment;
    let cpu = environment.cpu_model.clone().unwrap_or_else(|| "an unknown CPU".into());
    let when = environment.timestamp.replacen('T', " ", 1).replace('Z', " UTC");
    let profile = Some(document.profile.as_str()).filter(|name| !name.is_empty());
    let rows = units::grouped(document.results.len() as u64);
    let took = match document.took_s {
        0.0 => format!("{rows} rows"),
        took => format!("{rows} rows in {took:.0} s"),
    };
    let profile = profile.map(|name| format!("profile {name}"));
    [Some(cpu), environment.kernel.clone(), Some(when), profile, Some(took)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}

/// Returns what a reader must know before the first figure.
fn warnings(document: &Document, summary: &Summary) -> impl Iterator<Item = String> {
    let disturbed = summary.disturbed.as_ref().filter(|all| !all.is_empty());
    let nothing = document.results.is_empty().then(|| "Nothing was measured.".to_owned());
    let disturbed = disturbed.map(|all| format!("Disturbed: {}.", all.join("; ")));
    [nothing, disturbed].into_iter().flatten()
}

/// Returns the result of checking every message.
fn checked(document: &Document) -> Markup {
    let Some(verified) = &document.verified else { return Markup::default() };
    let wrong = verified.iter().filter_map(|case| {
        let error = case.error.as_ref()?;
        let Verified { mechanism, variant, kind, size, .. } = case;
        Some(format!("{}, {} of {}: {error}", named(mechanism, variant), kind.words(), bytes(*size)))
    });
    let messages: u64 = verified.iter().map(|case| case.messages).sum();
    let all = format!(
        "{} of {} checked.",
        units::counted(messages, "message"),
        units::counted(verified.len() as u64, "case")
    );
    html! { p { (all) } (list(&wrong.collect::<Vec<_>>())) }
}

/// Returns the cases without figures, and the reasons.
fn missing(cases: &[NotMeasured]) -> Markup {
    let line = |case: &NotMeasured| {
        let NotMeasured {
            mechanism,
            variant,
            kind,
            size,
            wait,
            cpus,
            clients,
            clients_run,
            implementation,
            reason,
        } = case;
        let what = clients.map_or_else(|| kind.words(), |clients| case::clients_run(clients, *clients_run));
        let by = implementation.as_ref().map_or_else(String::new, |name| format!("{name}, beside "));
        format!("{by}{}, {what}, {}, {wait} · {cpus}: {reason}", named(mechanism, variant), bytes(*size))
    };
    tables::long_list(&cases.iter().map(line).collect::<Vec<_>>(), "cases")
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
