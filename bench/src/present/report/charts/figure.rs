//! A figure: a chart for each setting, the legend, and the downloads.
//!
//! All charts of a figure have the same axes, so that two settings can be compared by eye. The script shows one of them
//! at a time; without a script all are shown, one below another.

use std::fmt::Write as _;

use super::axis::Axis;
use super::chart::{Chart, Reference, Series};
use crate::present::report::html::{csv, download, escape};

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
    pub(crate) fn html(&self, usual: &str) -> String {
        let views =
            || self.views.iter().filter(|view| view.series.iter().any(|series| !series.points.is_empty()));
        let Some(first) = views().find(|view| view.name == usual).or_else(|| views().next()) else {
            return String::new();
        };
        let Self { id, title, hint, .. } = self;
        let (title, hint) = (escape(title), escape(hint));
        let mut html =
            format!("<figure id=\"{id}\">\n<figcaption><h3>{title}</h3><p>{hint}</p></figcaption>\n");
        if views().count() > 1 {
            html.push_str("<div class=\"choice script\" role=\"group\" aria-label=\"Setting\">");
            for view in views() {
                let (name, on) = (escape(&view.name), view.name == first.name);
                let _ = write!(
                    html,
                    "<button type=\"button\" data-choose=\"{name}\" aria-pressed=\"{on}\">{name}</button>"
                );
            }
            html.push_str("</div>\n");
        }
        for view in views() {
            let class = if view.name == first.name { "view on" } else { "view" };
            let _ = write!(
                html,
                "<div class=\"{class}\" data-view=\"{0}\"><p class=\"setting\">{0}</p>\n{1}</div>\n",
                escape(&view.name),
                self.draw(view)
            );
        }
        html.push_str("<p class=\"readout script\" role=\"status\"></p>\n");
        html.push_str(&legend(views()));
        let _ = write!(
            html,
            "<p class=\"take\">Download: <button type=\"button\" class=\"script save\">SVG</button> {}</p>\n</figure>\n",
            self.csv()
        );
        html
    }

    fn draw(&self, view: &View) -> String {
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

    fn csv(&self) -> String {
        let (columns, lines) = &self.data;
        let lines = lines.iter().map(|line| line.iter().map(String::as_str).collect());
        let text = csv(std::iter::once(columns.clone()).chain(lines));
        download(&format!("ipc-{}.csv", self.id), &text)
    }
}

/// Returns a button for each series in any of the views.
fn legend<'a>(views: impl Iterator<Item = &'a View>) -> String {
    let mut all: Vec<&Series> = Vec::new();
    for series in views.flat_map(|view| &view.series).filter(|series| !series.points.is_empty()) {
        if all.iter().all(|known| known.key != series.key) {
            all.push(series);
        }
    }
    all.sort_by_key(|series| series.order());
    let mut html = String::from("<ul class=\"legend\" aria-label=\"Series\">\n");
    for series in &all {
        let (key, name, swatch) = (escape(&series.key), escape(&series.name), series.swatch());
        let _ = writeln!(
            html,
            "<li><button type=\"button\" data-series=\"{key}\" aria-pressed=\"true\">{swatch}{name}</button></li>"
        );
    }
    if all.len() > 2 {
        html.push_str("<li class=\"script\"><button type=\"button\" class=\"all\">none</button></li>\n");
    }
    html.push_str("</ul>\n");
    html
}
