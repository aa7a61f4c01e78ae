//! A figure: a chart for each setting, the legend, and the downloads.
//!
//! All charts of a figure have the same axes, so that two settings can be compared by eye. The script shows one of them
//! at a time; without a script all are shown, one below another.

use maud::{Markup, html};

use super::axis::Axis;
use super::chart::{Chart, Reference, Series};
use crate::present::report::html::{csv, download};

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Figure {
    /// Its name in links and file names.
    pub id: &'static str,
    pub title: String,
    /// Advice on reading it.
    pub hint: String,
    pub x: Axis,
    pub y: Axis,
    pub views: Vec<View>,
    /// The names of the columns of its data, and the data.
    pub data: (Vec<&'static str>, Vec<Vec<String>>),
}

/// The contents of a figure under one setting.
#[derive(Debug)]
pub(crate) struct View {
    /// The setting, for people: a wait strategy and a placement.
    pub name: String,
    pub series: Vec<Series>,
    pub references: Vec<Reference>,
    /// The names of the rows, if the chart has rows.
    pub rows: Vec<String>,
}

impl View {
    /// Returns a view of lines, without anything else.
    pub(crate) fn of(name: String, series: Vec<Series>) -> Self {
        Self { name, series, references: Vec::new(), rows: Vec::new() }
    }
}

impl Figure {
    /// Returns the figure as HTML; nothing if there is nothing to draw. The view with the name `usual` comes first.
    pub(crate) fn html(&self, usual: &str) -> Markup {
        let is_drawn = |view: &&View| view.series.iter().any(|series| !series.points.is_empty());
        let views: Vec<_> = self.views.iter().filter(is_drawn).collect();
        let Some(first) = views.iter().find(|view| view.name == usual).or(views.first()) else {
            return Markup::default();
        };
        html! {
            figure id=(self.id) {
                figcaption { h3 { (self.title) } p { (self.hint) } }
                @if views.len() > 1 {
                    div.choice.script role="group" aria-label="Setting" {
                        @for View { name, .. } in &views {
                            @let on = (*name == first.name).to_string();
                            button type="button" data-choose=(name) aria-pressed=(on) { (name) }
                        }
                    }
                }
                @for view in &views {
                    div.view.on[view.name == first.name] data-view=(view.name) {
                        p.setting { (view.name) }
                        (self.draw(view))
                    }
                }
                p.readout.script role="status" {}
                (legend(&views))
                p.take { "Download: " button.script.save type="button" { "SVG" } " " (self.csv()) }
            }
        }
    }

    fn draw(&self, view: &View) -> Markup {
        let names: Vec<_> = view.series.iter().map(|series| series.name.as_str()).collect();
        let across = if view.rows.is_empty() { format!("; upwards: {}", self.y.name) } else { String::new() };
        let limit = |limit: &Reference| format!(" Dotted line across: {}.", limit.name);
        let limits = view.references.iter().map(limit).collect::<Vec<_>>().concat();
        let description = format!(
            "{}. To the right: {}{across}. Series: {}.{limits}",
            view.name,
            self.x.name,
            names.join(", ")
        );
        let rows = Axis::of_rows(view.rows.len());
        Chart {
            title: &self.title,
            description: &description,
            x: &self.x,
            y: if view.rows.is_empty() { &self.y } else { &rows },
            rows: &view.rows,
            series: &view.series,
            references: &view.references,
        }
        .svg()
    }

    fn csv(&self) -> Markup {
        let (columns, lines) = &self.data;
        let lines = lines.iter().map(|line| line.iter().map(String::as_str).collect());
        let text = csv(std::iter::once(columns.clone()).chain(lines));
        download(&format!("ipc-{}.csv", self.id), &text)
    }
}

/// Returns a button for each series in any of the views.
fn legend(views: &[&View]) -> Markup {
    let mut all: Vec<&Series> = Vec::new();
    for series in views.iter().flat_map(|view| &view.series).filter(|series| !series.points.is_empty()) {
        if all.iter().all(|known| known.key != series.key) {
            all.push(series);
        }
    }
    all.sort_by_key(|series| series.order());
    html! {
        ul.legend aria-label="Series" {
            @for series in &all {
                li {
                    button type="button" data-series=(series.key) aria-pressed="true" {
                        (series.swatch())
                        (series.name)
                    }
                }
            }
            @if all.len() > 2 { li.script { button.all type="button" { "none" } } }
        }
    }
}
