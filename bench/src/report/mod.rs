//! The results as one page with charts: a single file that needs no network.
//!
//! `chart.rs` and `axis.rs` draw the charts, `page.html` and `page.css` are the frame; here the two meet the results.

mod axis;
mod chart;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use chart::{Chart, Series};

use crate::table::{self, Table};
use crate::{Document, Kind, NotMeasured, Row};

/// Writes the page to `ipc-report/index.html` in cargo's target directory, and returns its path.
///
/// # Errors
/// The file cannot be written.
pub fn write(document: &Document) -> io::Result<PathBuf> {
    let dir = target_directory().join("ipc-report");
    fs::create_dir_all(&dir)?;
    let path = dir.join("index.html");
    fs::write(&path, page(document))?;
    Ok(path)
}

/// Cargo's target directory. This program runs from inside it, and cargo marks it as a cache; without the mark, the
/// directory to which a relative `target` would lead.
fn target_directory() -> PathBuf {
    let chosen = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let marked = || {
        let program = env::current_exe().ok()?;
        program.ancestors().find(|dir| dir.join("CACHEDIR.TAG").is_file()).map(Path::to_owned)
    };
    chosen.or_else(marked).unwrap_or_else(|| PathBuf::from("target"))
}

/// The page.
#[must_use]
pub fn page(document: &Document) -> String {
    include_str!("page.html")
        .replace("{{style}}", include_str!("page.css"))
        .replace("{{conditions}}", &escape(&conditions(document)))
        .replace("{{charts}}", &charts(document))
        .replace("{{tables}}", &tables(document))
        .replace("{{missing}}", &missing(document))
        .replace("{{environment}}", &environment(document))
}

/// What all rows have in common, in a sentence.
fn conditions(document: &Document) -> String {
    let mut waits: Vec<_> = document.results.iter().map(|row| row.wait.as_str()).collect();
    waits.dedup();
    let place = document
        .results
        .first()
        .map(|row| format!("cpus {} (ping on CPU {}, pong on CPU {})", row.cpus, row.ping_cpu, row.pong_cpu));
    format!("wait {}, {}", waits.join(", "), place.unwrap_or_default())
}

fn charts(document: &Document) -> String {
    let microseconds = |row: &Row| row.rtt_ns.as_ref().map(|times| times.p50 as f64 / 1e3);
    let megabytes = |row: &Row| row.bytes_per_s.map(|bytes| bytes / 1e6);
    let latency = Chart {
        title: "Latency: median round trip by message size",
        hint: "lower is better",
        unit: "microseconds",
        series: series(document, Kind::RoundTrip, microseconds),
    };
    let throughput = Chart {
        title: "Throughput by message size",
        hint: "higher is better",
        unit: "megabytes per second (1 MB = 1,000,000 bytes)",
        series: series(document, Kind::Throughput, megabytes),
    };
    let mut html = String::new();
    for chart in [latency, throughput].iter().filter(|chart| !chart.series.is_empty()) {
        let _ = writeln!(html, "{}", chart.figure()); // a String takes everything
    }
    html
}

/// A line for each mechanism and variant that has values of this kind.
fn series(document: &Document, kind: Kind, value: impl Fn(&Row) -> Option<f64>) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    for row in document.results.iter().filter(|row| row.kind == kind) {
        let Some(value) = value(row) else { continue };
        let new = Series::new(&row.mechanism, &row.variant);
        let at = all.iter().position(|series| series.place() == new.place()).unwrap_or_else(|| {
            all.push(new);
            all.len() - 1
        });
        all[at].points.push((row.size, value));
    }
    all.sort_by_key(Series::place);
    for series in &mut all {
        series.points.sort_by_key(|point| point.0);
    }
    all
}

fn tables(document: &Document) -> String {
    let mut html = String::new();
    for Table { heading, columns, rows } in table::tables(document) {
        let heading = escape(&heading);
        let head = cells("th scope=\"col\"", "th", columns.into_iter());
        let _ = writeln!(
            html,
            "<h3>{heading}</h3>\n<div class=\"wide\" tabindex=\"0\"><table aria-label=\"{heading}\">"
        );
        let _ = writeln!(html, "<thead><tr>{head}</tr></thead>\n<tbody>");
        for row in rows {
            let _ = writeln!(html, "<tr>{}</tr>", cells("td", "td", row.iter().map(String::as_str)));
        }
        html.push_str("</tbody></table></div>\n");
    }
    html
}

/// The cells of a row: first the labels, then the numbers.
fn cells<'a>(open: &str, close: &str, texts: impl Iterator<Item = &'a str>) -> String {
    let cell = |(column, text)| {
        let class = if column < table::LABELS { "label" } else { "number" };
        format!("<{open} class=\"{class}\">{}</{close}>", escape(text))
    };
    texts.enumerate().map(cell).collect()
}

/// What has no figures, and why; nothing if there is nothing to say.
fn missing(document: &Document) -> String {
    let list = |title: &str, cases: &[NotMeasured]| {
        let item = |case: &NotMeasured| format!("<li>{}</li>\n", escape(&case.to_string()));
        match cases.iter().map(item).collect::<String>() {
            items if items.is_empty() => items,
            items => format!("<h2>{title}</h2>\n<ul>\n{items}</ul>\n"),
        }
    };
    list("Skipped", &document.skipped) + &list("Failed", &document.failed)
}

fn environment(document: &Document) -> String {
    let line =
        |(name, value): (&str, String)| format!("<dt>{}</dt><dd>{}</dd>\n", escape(name), escape(&value));
    document.environment.lines().into_iter().map(line).collect()
}

/// Text as HTML shows it.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
