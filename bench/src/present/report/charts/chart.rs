//! A chart as SVG, drawn without a library for charts.
//!
//! A mechanism has a colour, a variant a marker and a dash pattern, so lines can be told apart without colours. The
//! colours come from `chart.css`, which also goes into a chart that is saved by itself.

use maud::{Markup, html};

use super::axis::Axis;
use crate::results::registry::SIX;

/// The width of a drawing, in its own units. All other lengths are in proportion.
const WIDTH: f64 = 760.0;
/// The space for the labels around the plot: left, right, top, bottom.
const MARGIN: [f64; 4] = [84.0, 20.0, 40.0, 80.0];
/// The height of a row in a chart that has rows: a name, and the values below it.
const ROW: f64 = 84.0;

/// The number of bands that can be told apart where they overlap. The script has the same number.
const FEW: usize = 3;

/// A line, or some points, that belong together.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// The identifier of the series: the same in all charts.
    pub key: String,
    /// The name of the series, for people.
    pub name: String,
    /// The index of its colour in `chart.css`.
    pub colour: usize,
    /// The index of its marker and its dash pattern.
    pub shape: usize,
    /// The points of the series, each with a tooltip.
    pub points: Vec<Point>,
    /// The line, if it does not just join the points. It is broken where `x` is NaN.
    pub line: Vec<(f64, f64)>,
}

/// A value with a tooltip.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub x: f64,
    pub y: f64,
    /// The upper end of the band above it.
    pub high: Option<f64>,
    /// The text of the tooltip.
    pub text: String,
    /// True if its rounds do not agree: then the marker is hollow.
    pub unstable: bool,
    /// A marker of its own.
    pub shape: Option<usize>,
}

/// A line across the chart that belongs to no series: a limit.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    /// Its height.
    pub y: f64,
    /// Its label.
    pub name: String,
}

/// The contents of one frame.
#[derive(Debug)]
pub(crate) struct Chart<'a> {
    /// The text of the drawing's `<title>`.
    pub title: &'a str,
    /// The text of its `<desc>`.
    pub description: &'a str,
    pub x: &'a Axis,
    pub y: &'a Axis,
    /// The names of the rows, if the other axis has no values.
    pub rows: &'a [String],
    pub series: &'a [Series],
    pub references: &'a [Reference],
}

impl Series {
    /// Returns the series of a mechanism and variant, without points. A variant unknown to this version is drawn in
    /// grey.
    pub(crate) fn of(mechanism: &str, variant: &str) -> Self {
        let member = SIX.iter().position(|member| member.profile.name == mechanism);
        let shape = member.and_then(|at| SIX[at].variants().position(|known| known.name == variant));
        let key = format!("{mechanism}-{variant}");
        let key = key.replace(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-', "_");
        Self {
            key,
            name: format!("{mechanism} ({variant})"),
            colour: member.unwrap_or(SIX.len()),
            shape: shape.unwrap_or(0),
            points: Vec::new(),
            line: Vec::new(),
        }
    }

    /// Returns the key that sorts series in the order of the course.
    pub(crate) fn order(&self) -> (usize, usize, String) {
        (self.colour, self.shape, self.name.clone())
    }

    /// Returns a piece of the line with the marker, for a legend.
    pub(crate) fn swatch(&self) -> Markup {
        let own = self.points.iter().any(|point| point.shape.is_some()); // then the markers have another meaning
        html! {
            svg class={ "swatch c" (self.colour) } viewBox="0 0 44 18" aria-hidden="true" focusable="false" {
                path class={ "line d" (self.shape.min(3)) } d="M0 9H44" {}
                @if !own { path.mark transform="translate(22 9)" d=(marker(self.shape)) {} }
            }
        }
    }
}

impl Point {
    /// Returns a point; `None` if it has no place on logarithmic axes.
    pub(crate) fn new(x: f64, y: f64, text: String) -> Option<Self> {
        let fits = |value: f64| value.is_finite() && value > 0.0;
        (fits(x) && fits(y)).then_some(Self { x, y, high: None, text, unstable: false, shape: None })
    }
}

/// Returns the outline of a marker around the origin: circle, triangle, square, diamond.
pub(crate) fn marker(shape: usize) -> &'static str {
    match shape {
        0 => "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0z",
        1 => "M0-6.5L6.2 5H-6.2z",
        2 => "M-5-5H5V5H-5z",
        _ => "M0-7L6.5 0L0 7L-6.5 0z",
    }
}

impl Chart<'_> {
    fn height(&self) -> f64 {
        let plot = if self.rows.is_empty() { 400.0 } else { ROW * self.rows.len() as f64 };
        plot + MARGIN[2] + MARGIN[3]
    }

    fn left(&self) -> f64 {
        if self.rows.is_empty() { MARGIN[0] } else { MARGIN[1] }
    }

    fn px(&self, x: f64) -> f64 {
        self.left() + self.x.place(x) * (WIDTH - self.left() - MARGIN[1])
    }

    fn py(&self, y: f64) -> f64 {
        self.height() - MARGIN[3] - self.y.place(y) * (self.height() - MARGIN[2] - MARGIN[3])
    }

    /// Returns the drawing.
    pub(crate) fn svg(&self) -> Markup {
        let height = self.height();
        html! {
            svg.plot.few[self.series.len() <= FEW] viewBox={ "0 0 " (WIDTH) " " (height) } role="img" tabindex="0"
                xmlns="http://www.w3.org/2000/svg" {
                title { (self.title) }
                desc { (self.description) }
                rect.paper width=(WIDTH) height=(height) {}
                (self.frame())
                (self.row_names())
                (self.references())
                @for series in self.series {
                    g class={ "series c" (series.colour) } data-series=(series.key) data-name=(series.name) {
                        (self.one(series))
                    }
                }
            }
        }
    }

    /// Draws the axes, the marks and their labels.
    fn frame(&self) -> Markup {
        let (left, right) = (self.left(), WIDTH - MARGIN[1]);
        let (top, bottom) = (MARGIN[2], self.height() - MARGIN[3]);
        html! {
            @for mark in &self.x.marks {
                @let x = self.px(mark.at);
                path class=(mark.line()) d=(format_args!("M{x:.1} {top}V{bottom}")) {}
                (label(&format!("tick mid{}", mark.importance()), (x, bottom), "1.35em", &mark.label))
            }
            @for mark in &self.y.marks {
                @let y = self.py(mark.at);
                (self.across(mark.line(), y))
                (label(&format!("tick end{}", mark.importance()), (left - 8.0, y), ".35em", &mark.label))
            }
            path.axis d=(format_args!("M{left} {top}V{bottom}H{right}")) {}
            (label("name mid", (f64::midpoint(left, right), bottom), "2.9em", &self.x.name))
            (label("name", (4.0, top), "-.55em", &self.y.name))
        }
    }

    fn row_names(&self) -> Markup {
        html! {
            @for (row, name) in self.rows.iter().enumerate() {
                @let y = self.py(row as f64);
                (self.across("grid", y))
                (label("row", (self.left() + 6.0, y), "1.25em", name))
            }
        }
    }

    fn references(&self) -> Markup {
        html! {
            @for reference in self.references {
                @let y = self.py(reference.y);
                (self.across("limit", y))
                (label("tick", (self.left() + 8.0, y), "-.45em", &reference.name))
            }
        }
    }

    /// Draws a line from the left to the right.
    fn across(&self, class: &str, y: f64) -> Markup {
        html! { path class=(class) d=(format_args!("M{} {y:.1}H{}", self.left(), WIDTH - MARGIN[1])) {} }
    }

    /// Splits the points into runs that a line may join. The line is broken where another series has a step that this
    /// one lacks: that step was not measured.
    fn runs<'p>(&self, points: &'p [Point]) -> Vec<&'p [Point]> {
        let all = || self.series.iter().flat_map(|series| &series.points);
        let is_missed = |a: &Point, b: &Point| all().any(|other| a.x < other.x && other.x < b.x);
        points.chunk_by(|a, b| !(self.x.is_of_steps && is_missed(a, b))).collect()
    }

    /// Draws the bands, the line and the markers of a series.
    fn one(&self, series: &Series) -> Markup {
        let at = |(x, y): (f64, f64)| format!("{:.1} {:.1}", self.px(x), self.py(y));
        let path = |points: &mut dyn Iterator<Item = (f64, f64)>| {
            let place = |point: (f64, f64)| if point.0.is_finite() { at(point) } else { String::new() };
            points.map(place).collect::<Vec<_>>().join("L").replace("LL", "M")
        };
        let runs = self.runs(&series.points);
        let band = |run: &&[Point]| {
            let banded = || run.iter().filter_map(|point| Some((point.x, point.y, point.high?)));
            let forth = path(&mut banded().map(|(x, low, _)| (x, low)));
            let back = path(&mut banded().rev().map(|(x, _, high)| (x, high)));
            (banded().count() > 1).then_some((forth, back))
        };
        let line = if series.line.is_empty() {
            let lines = runs.iter().map(|run| path(&mut run.iter().map(|point| (point.x, point.y))));
            lines.collect::<Vec<_>>().join("M")
        } else {
            path(&mut series.line.iter().copied())
        };
        html! {
            @for (forth, back) in runs.iter().filter_map(band) {
                path.band d={ "M" (forth) "L" (back) "z" } {}
                path.edge d={ "M" (back) } {}
            }
            @if line.contains('L') { path class={ "line d" (series.shape.min(3)) } d={ "M" (line) } {} }
            @for point in &series.points {
                path.mark.open[point.unstable] transform={ "translate(" (at((point.x, point.y))) ")" }
                    d=(marker(point.shape.unwrap_or(series.shape))) {
                    title { (point.text) }
                }
            }
        }
    }
}

/// Draws text at a place, moved down by a part of its own height; nothing if it is empty.
fn label(class: &str, (x, y): (f64, f64), down: &str, text: &str) -> Markup {
    html! {
        @if !text.is_empty() {
            text class=(class) x=(format_args!("{x:.1}")) y=(format_args!("{y:.1}")) dy=(down) { (text) }
        }
    }
}
