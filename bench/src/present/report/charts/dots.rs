//! A dot plot, drawn as SVG: a row for each series, sorted, and in it a dot for each way to look at it, with its
//! interval. On a screen the figures stand beside the dots.

use maud::{Markup, html};

use super::axis::Axis;
use super::layout::{Across, Layout, PADDING, text};
use super::series::Series;
use crate::present::report::data::UNSTABLE;

/// The contents of a dot plot.
#[derive(Clone, Debug)]
pub(crate) struct Dots {
    pub x: Axis,
    /// The kinds of dots, in the order in which they are drawn.
    pub looks: Vec<Look>,
    pub rows: Vec<Row>,
}

/// A kind of dots: it has a colour, and a shape, so that it is known without colours.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Look {
    pub name: String,
    /// The index of its colour and shape.
    pub style: usize,
}

/// The dots of one series.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub series: Series,
    pub dots: Vec<Dot>,
}

/// A value with its interval and a tooltip.
#[derive(Clone, Debug)]
pub(crate) struct Dot {
    /// The index of its look.
    pub look: usize,
    pub x: f64,
    /// The two ends of its interval.
    pub interval: Option<[f64; 2]>,
    /// The figure beside the plot.
    pub figure: String,
    /// The text of the tooltip.
    pub text: String,
    /// True if its rounds do not agree.
    pub unstable: bool,
}

impl Dots {
    /// Returns the plot of the rows that have dots, on an axis that ends where they and their intervals end. Looks that
    /// do not occur are left out.
    pub(crate) fn new(x: &str, looks: Vec<Look>, mut rows: Vec<Row>) -> Self {
        for row in &mut rows {
            row.dots.retain(|dot| dot.x.is_finite() && dot.x > 0.0);
        }
        rows.retain(|row| !row.dots.is_empty());
        let dots = || rows.iter().flat_map(|row| &row.dots);
        let x = Axis::of_values(
            x,
            dots().flat_map(|dot| dot.interval.unwrap_or([dot.x; 2]).into_iter().chain([dot.x])),
        );
        Self { x, looks, rows }
    }

    /// Returns a description for those who do not see it.
    pub(crate) fn description(&self) -> String {
        let names: Vec<_> = self.rows.iter().map(|row| row.series.label.as_str()).collect();
        let looks: Vec<_> = self.looks.iter().map(|look| look.name.as_str()).collect();
        format!(
            "To the right: {}. In each row: {}. Series: {}.",
            self.x.name,
            looks.join(", "),
            names.join(", ")
        )
    }

    /// Returns the drawing and its height.
    pub(crate) fn draw(&self, layout: Layout) -> (f64, Markup) {
        Frame::new(self, layout).draw()
    }
}

impl Look {
    /// Returns its mark, for a line of text.
    pub(crate) fn swatch(&self) -> Markup {
        html! {
            svg.dot viewBox="-7 -7 14 14" aria-hidden="true" focusable="false" {
                path class=(self.class("sample")) d=(outline(self.style)) {}
            }
        }
    }

    fn class(&self, part: &str) -> String {
        format!("{part} w{}", self.style)
    }
}

/// Returns the outline of a dot around the origin: circle, diamond, square, triangle.
fn outline(style: usize) -> &'static str {
    match style {
        0 => "M-4.3 0a4.3 4.3 0 1 0 8.6 0a4.3 4.3 0 1 0-8.6 0z",
        1 => "M0-5.4L5.4 0L0 5.4L-5.4 0z",
        2 => "M-3.7-3.7H3.7V3.7H-3.7z",
        _ => "M0-5L4.8 4H-4.8z",
    }
}

/// The distance of two dots of a row, upwards.
const LANE: f64 = 7.2;
/// The least width of a column of figures.
const COLUMN: f64 = 76.0;
/// The space for the mark before the name of a column, and between two columns.
const HEAD: f64 = 32.0;

/// A plot in its frame.
struct Frame<'a> {
    plot: &'a Dots,
    x: Across<'a>,
    top: f64,
    /// The height of a row.
    row: f64,
    /// The width of a column of figures.
    column: f64,
}

impl<'a> Frame<'a> {
    fn new(plot: &'a Dots, layout: Layout) -> Self {
        let names = plot.rows.iter().map(|row| row.series.label_within(layout.letters()));
        let left = layout.longest(names) + 10.0;
        let column = COLUMN.max(layout.longest(plot.looks.iter().map(|look| look.name.as_str())) + HEAD);
        let (right, top) = match layout {
            Layout::Wide | Layout::Column => (layout.width() - column * plot.looks.len() as f64 - 4.0, 26.0),
            Layout::Narrow => (layout.width() - 4.0, 26.0),
        };
        let row = (LANE * plot.looks.len() as f64 + 4.0).max(20.0);
        Self { plot, x: Across { axis: &plot.x, layout, left, right }, top, row, column }
    }

    /// Returns the height of a row's middle.
    fn middle(&self, row: usize) -> f64 {
        self.top + (row as f64 + 0.5) * self.row
    }

    fn draw(&self) -> (f64, Markup) {
        let bottom = self.top + self.row * self.plot.rows.len() as f64;
        let drawing = html! {
            (self.axis(bottom))
            (self.heads())
            @for (at, row) in self.plot.rows.iter().enumerate() {
                g class={ "series row c" (row.series.colour) } data-series=(row.series.key) {
                    (self.row(row, self.middle(at)))
                }
            }
        };
        (bottom + 46.0, drawing)
    }

    fn axis(&self, bottom: f64) -> Markup {
        let (from, to) = (self.x.left + PADDING, self.x.right - PADDING);
        html! {
            (self.x.grid(self.top, bottom))
            path.axis d=(format_args!("M{from:.1} {bottom}H{to:.1}")) {}
            (self.x.labels(bottom))
            (text("name end", (to, bottom), "2.8em", &self.plot.x.name))
        }
    }

    /// Returns the place of a look's column of figures: its right edge.
    fn column(&self, look: usize) -> f64 {
        self.x.right + self.column * (look as f64 + 1.0) - 12.0
    }

    /// Names the looks: above their figures, or above the plot if it is too narrow for figures.
    fn heads(&self) -> Markup {
        let part = (self.x.right - self.x.left) / self.plot.looks.len().max(1) as f64;
        let place = |at: usize| match self.x.layout {
            Layout::Narrow => self.x.left + part * (at as f64 + 1.0) - 12.0,
            Layout::Wide | Layout::Column => self.column(at),
        };
        html! {
            @for (at, look) in self.plot.looks.iter().enumerate() {
                @let x = place(at);
                path class=(look.class("sample")) d=(outline(look.style))
                    transform=(format_args!("translate({:.1} 11)", x - self.x.layout.text(&look.name) - 9.0)) {}
                (text("tick end code", (x, 11.0), ".35em", &look.name))
            }
        }
    }

    fn row(&self, row: &Row, y: f64) -> Markup {
        let lanes = self.plot.looks.len() as f64 - 1.0;
        let lane = |dot: &Dot| y + LANE * (dot.look as f64 - lanes / 2.0);
        html! {
            path.guide d=(format_args!("M{:.1} {y:.1}H{:.1}", self.x.left, self.x.right)) {}
            (text("label end code", (self.x.left - 8.0, y), ".35em", row.series.label_within(self.x.layout.letters())))
            @for dot in &row.dots {
                @let (x, y) = (self.x.px(dot.x), lane(dot));
                @let look = &self.plot.looks[dot.look];
                @if let Some([low, high]) = dot.interval {
                    path class=(look.class("interval")) d=(format_args!("M{:.1} {y:.1}H{:.1}", self.x.px(low), self.x.px(high))) {}
                }
                path class=(look.class("mark")) d=(outline(look.style))
                    transform=(format_args!("translate({x:.1} {y:.1})")) { title.code { (dot.text) } }
            }
            @if self.x.layout != Layout::Narrow {
                @for dot in &row.dots {
                    @let sign = if dot.unstable { UNSTABLE } else { "" };
                    (text("figure end code", (self.column(dot.look), y), ".35em", &dot.figure))
                    (text("sign", (self.column(dot.look), y), ".35em", sign))
                }
            }
        }
    }
}
