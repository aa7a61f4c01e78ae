//! A figure: a chart for each setting, and the downloads.
//!
//! The script shows one of the charts at a time; without a script all are shown, one below another. Each is drawn for a
//! screen and for a phone, and the style shows what fits.
//!
//! A label of class `code` is a name or a figure: it is the same in every language.

use maud::{Markup, PreEscaped, html};

use super::dots::Dots;
use super::layout::Layout;
use super::lines::Lines;
use crate::present::report::html::{csv, download};

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Figure {
    /// Its name in links and file names.
    pub id: &'static str,
    pub title: String,
    /// Advice on reading it.
    pub hint: String,
    pub views: Vec<View>,
    /// The names of the columns of its data, and the data.
    pub data: (Vec<&'static str>, Vec<Vec<String>>),
}

/// The contents of a figure under one setting.
#[derive(Debug)]
pub(crate) struct View {
    /// The setting, for people: a wait strategy and a placement.
    pub name: String,
    pub plot: Plot,
}

/// What a chart in a file of its own has in addition.
#[derive(Debug)]
pub(crate) struct ByItself<'a> {
    pub style: String,
    /// The mechanism that it is about, for the style.
    pub mechanism: Option<&'a str>,
}

/// A drawing.
#[derive(Clone, Debug)]
pub(crate) enum Plot {
    Lines(Lines),
    Dots(Dots),
}

impl Plot {
    fn is_empty(&self) -> bool {
        match self {
            Self::Lines(chart) => chart.all.is_empty(),
            Self::Dots(plot) => plot.rows.is_empty(),
        }
    }

    fn description(&self) -> String {
        match self {
            Self::Lines(chart) => chart.description(),
            Self::Dots(plot) => plot.description(),
        }
    }

    fn draw(&self, layout: Layout) -> (f64, Markup) {
        match self {
            Self::Lines(chart) => chart.draw(layout),
            Self::Dots(plot) => plot.draw(layout),
        }
    }
}

impl Figure {
    /// Returns the figure as HTML; nothing if there is nothing to draw. The view with the name `usual` comes first.
    pub(crate) fn html(&self, usual: &str) -> Markup {
        let views: Vec<_> = self.views.iter().filter(|view| !view.plot.is_empty()).collect();
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
                        @for layout in Layout::BOTH { (self.svg(view, layout)) }
                    }
                }
                p.readout.script role="status" {}
                p.take { "Download " button.script.save type="button" { "SVG" } " " (self.csv()) }
            }
        }
    }

    fn svg(&self, view: &View, layout: Layout) -> Markup {
        self.drawn(view, layout, None)
    }

    /// Returns the charts that have something to draw, each with a name for a file.
    pub(crate) fn files(&self, layout: Layout, by_itself: &ByItself) -> Vec<(String, String)> {
        let views = self.views.iter().filter(|view| !view.plot.is_empty());
        let name = |view: &View| {
            let words = view.name.split(|letter: char| !letter.is_ascii_alphanumeric());
            let words = words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase);
            std::iter::once(self.id.to_owned()).chain(words).collect::<Vec<_>>().join("-")
        };
        views.map(|view| (name(view), self.drawn(view, layout, Some(by_itself)).0)).collect()
    }

    /// Draws a chart: as a part of the page, where the keyboard reaches it and the page has the style, or by itself.
    fn drawn(&self, view: &View, layout: Layout, by_itself: Option<&ByItself>) -> Markup {
        let (height, drawing) = view.plot.draw(layout);
        let width = layout.width();
        html! {
            svg class=(layout.class()) viewBox={ "0 0 " (width) " " (height) } role="img"
                tabindex=[by_itself.is_none().then_some("0")] data-of=[by_itself.and_then(|it| it.mechanism)]
                xmlns="http://www.w3.org/2000/svg" {
                title { (self.title) ", " (view.name) }
                desc { (view.name) ". " (view.plot.description()) }
                @if let Some(ByItself { style, .. }) = by_itself { style { (PreEscaped(style)) } }
                rect.paper width=(width) height=(height) {}
                (drawing)
            }
        }
    }

    fn csv(&self) -> Markup {
        let (columns, lines) = &self.data;
        let lines = lines.iter().map(|line| line.iter().map(String::as_str).collect());
        let text = csv(std::iter::once(columns.clone()).chain(lines));
        download(&format!("ipc-{}.csv", self.id), &text)
    }
}
