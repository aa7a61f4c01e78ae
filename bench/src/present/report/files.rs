//! The charts of a run as files: for a book, a wiki or slides.

use std::fs;
use std::path::{Path, PathBuf};

use ipc_core::{Advise as _, Call as _, Result};

use super::charts::figure::ByItself;
use super::charts::layout::Layout;
use super::charts::{baseline, clients, open_loop, others, percentiles, sizes, streams, waits};
use super::data::Data;
use super::html::printable;
use crate::results::document::Document;

/// Writes each chart of the results into the directory, which is created if missing: `NAME.svg` for a column of text,
/// and `NAME-narrow.svg` for a phone. Returns the paths.
///
/// # Errors
/// The directory cannot be created, or a file cannot be written.
pub fn save_charts(document: &Document, mechanism: Option<&str>, dir: &Path) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(dir).call("mkdir").on(dir.display())?;
    let write = |(name, svg): (String, String)| {
        let path = dir.join(name + ".svg");
        ipc_demo::save(&path, (svg + "\n").as_bytes())?;
        Ok(path)
    };
    charts(document, mechanism).into_iter().map(write).collect()
}

/// Returns each chart of the results, complete in itself, with the name of its file. If a mechanism is given, the
/// others step back.
#[must_use]
pub fn charts(document: &Document, mechanism: Option<&str>) -> Vec<(String, String)> {
    let data = &Data::of(document);
    let figures = [
        waits::round_trip(data),
        waits::throughput(data),
        waits::cpu_time(data),
        sizes::latency(data),
        sizes::throughput(data),
        sizes::overhead(data),
        percentiles::chart(data, "percentiles", data.short),
        percentiles::chart(data, "percentiles-long", data.long),
        open_loop::chart(data),
        streams::chart(data),
        clients::chart(data),
        baseline::chart(data),
        others::chart(data),
    ];
    let by_itself = ByItself { style: style(mechanism), mechanism };
    let drawn = |(layout, ending): (Layout, &str)| {
        let all = figures.iter().flat_map(|figure| figure.files(layout, &by_itself));
        all.map(|(name, svg)| (name + ending, printable(&svg))).collect::<Vec<_>>()
    };
    [(Layout::Column, ""), (Layout::Narrow, "-narrow")].into_iter().flat_map(drawn).collect()
}

/// Returns the style of a chart by itself. It has nothing for elements around the drawing: a page may contain it.
fn style(mechanism: Option<&str>) -> String {
    let all = include_str!("chart.css").replace(":root, ", "");
    let Some(mechanism) = mechanism else { return all };
    let (plot, own) = (format!(".plot[data-of={mechanism}]"), format!("[data-series^={mechanism}-]"));
    format!(
        "{all}{plot} .series:not({own}) > :not(text) {{ opacity: .3; }} {plot} .series{own} > .label {{ font-weight: 600; }}\n"
    )
}
