//! A chart of lines, drawn as SVG without a library for charts. Each line has its name at its end.

use maud::{Markup, html};

use super::axis::Axis;
use super::layout::{Across, Layout, PADDING, apart, readable, text};
use super::series::{Series, marker};

/// The contents of a chart of lines.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    pub x: Axis,
    pub y: Axis,
    /// From the first to the last of the course.
    pub all: Vec<Line>,
    pub limits: Vec<Limit>,
}

/// The line of one series.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub series: Series,
    /// The points, each with a tooltip, from the left to the right.
    pub points: Vec<Point>,
    /// The way between them, if it is not straight.
    pub curve: Vec<(f64, f64)>,
}

/// A value with a tooltip.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub x: f64,
    pub y: f64,
    /// The text of the tooltip.
    pub text: String,
    /// True if its rounds do not agree: then the marker is hollow.
    pub unstable: bool,
}

/// A line across the chart that belongs to no series.
#[derive(Clone, Debug)]
pub(crate) struct Limit {
    /// Its height.
    pub y: f64,
    /// Its label.
    pub name: String,
}

impl Point {
    /// Returns a point; `None` if it has no place on logarithmic axes.
    pub(crate) fn new(x: f64, y: f64, text: String) -> Option<Self> {
        let fits = |value: f64| value.is_finite() && value > 0.0;
        (fits(x) && fits(y)).then_some(Self { x, y, text, unstable: false })
    }
}

impl Line {
    /// Returns the places that the axes have to hold.
    fn places(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.points.iter().map(|point| (point.x, point.y)).chain(self.curve.iter().copied())
    }

    /// Returns the place of its last point.
    fn end(&self) -> Option<(f64, f64)> {
        let drawn = self.curve.last().copied();
        drawn.or_else(|| self.points.last().map(|point| (point.x, point.y)))
    }
}

impl Lines {
    /// Returns the chart of the lines that have points, on axes that end where they end. Limits far away from them are left out.
    pub(crate) fn new(x: Axis, y: &str, mut lines: Vec<Line>, limits: Vec<Limit>) -> Self {
        lines.retain(|line| !line.points.is_empty());
        let mut y = Axis::of_values(y, lines.iter().flat_map(Line::places).map(|(_, y)| y));
        let limits: Vec<_> = limits.into_iter().filter(|limit| limit.y > 0.0 && y.is_near(limit.y)).collect();
        for limit in &limits {
            y = y.up_to(limit.y);
        }
        Self { x, y, all: lines, limits }
    }

    /// Returns a description for those who do not see it.
    pub(crate) fn description(&self) -> String {
        let names: Vec<_> = self.all.iter().map(|line| line.series.label.as_str()).collect();
        let limit = |limit: &Limit| format!(" Dotted line across: {}.", limit.name);
        let limits = self.limits.iter().map(limit).collect::<String>();
        let (right, up) = (&self.x.name, &self.y.name);
        format!("To the right: {right}; upwards: {up}. Series: {}.{limits}", names.join(", "))
    }

    /// Returns the drawing and its height.
    pub(crate) fn draw(&self, layout: Layout) -> (f64, Markup) {
        Frame::new(self, layout).draw()
    }
}

/// The least distance of two labels, from one line of text to the next.
const LINE: f64 = 15.0;
/// The space between the end of a line and its label.
const LEADER: f64 = 36.0;

/// A chart in its frame.
struct Frame<'a> {
    chart: &'a Lines,
    x: Across<'a>,
    top: f64,
    bottom: f64,
}

impl<'a> Frame<'a> {
    fn new(chart: &'a Lines, layout: Layout) -> Self {
        let ticks = layout.longest(chart.y.marks.iter().map(|mark| mark.label.as_str()));
        let names = chart.all.iter().map(|line| line.series.label_within(layout.letters()));
        let labels = layout.longest(names);
        let right = layout.width() - labels - LEADER - 4.0;
        let x = Across { axis: &chart.x, layout, left: ticks + 10.0, right };
        Self { chart, x, top: 30.0, bottom: 30.0 + layout.height() }
    }

    fn py(&self, y: f64) -> f64 {
        self.bottom - PADDING - self.chart.y.place(y) * (self.bottom - self.top - 2.0 * PADDING)
    }

    fn draw(&self) -> (f64, Markup) {
        let labels = self.labels();
        let drawing = html! {
            (self.axes())
            (self.limits())
            @for (line, label) in self.chart.all.iter().zip(&labels) {
                g class={ "series c" (line.series.colour) } data-series=(line.series.key) {
                    (self.line(line))
                    (label)
                }
            }
        };
        (self.bottom + 48.0, drawing)
    }

    /// Draws the axes, the marks and their labels.
    fn axes(&self) -> Markup {
        let Self { chart, x: Across { left, right, .. }, top, bottom } = self;
        let beside = readable(&chart.y.marks, |y| self.py(y), |_| LINE);
        html! {
            (self.x.grid(*top, *bottom))
            @for mark in &chart.y.marks { (self.across(mark.line(), self.py(mark.at))) }
            path.axis d=(format_args!("M{left:.1} {top}V{bottom}H{right:.1}")) {}
            (self.x.labels(*bottom))
            @for (y, label) in beside { (text("tick end code", (left - 6.0, y), ".35em", label)) }
            (text("name mid", (f64::midpoint(*left, *right), *bottom), "2.9em", &chart.x.name))
            (text("name", (2.0, *top), "-1em", &chart.y.name))
        }
    }

    fn limits(&self) -> Markup {
        html! {
            @for limit in &self.chart.limits {
                @let y = self.py(limit.y);
                (self.across("limit", y))
                (text("tick halo", (self.x.left + 8.0, y), "-.5em", &limit.name))
            }
        }
    }

    /// Draws a line from the left to the right.
    fn across(&self, class: &str, y: f64) -> Markup {
        html! { path class=(class) d=(format_args!("M{:.1} {y:.1}H{:.1}", self.x.left, self.x.right)) {} }
    }

    /// Splits the points into runs that a line may join. The line is broken at a step that this one lacks and most
    /// others have: it was not measured. A step of a few, such as the longest message of a queue, breaks none.
    fn runs<'p>(&self, points: &'p [Point]) -> Vec<&'p [Point]> {
        let lines = &self.chart.all;
        let has = |line: &Line, x: f64| line.points.iter().any(|point| point.x.to_bits() == x.to_bits());
        let is_usual = |x: f64| 2 * lines.iter().filter(|line| has(line, x)).count() >= lines.len();
        let steps = || lines.iter().flat_map(|line| &line.points).map(|point| point.x);
        let is_missed = |a: &Point, b: &Point| steps().any(|x| a.x < x && x < b.x && is_usual(x));
        points.chunk_by(|a, b| !(self.chart.x.is_of_steps && is_missed(a, b))).collect()
    }

    /// Draws a line and its markers.
    fn line(&self, line: &Line) -> Markup {
        let at = |x: f64, y: f64| format!("{:.1} {:.1}", self.x.px(x), self.py(y));
        let path = |places: &mut dyn Iterator<Item = (f64, f64)>| {
            places.map(|(x, y)| at(x, y)).collect::<Vec<_>>().join("L")
        };
        let way = if line.curve.is_empty() {
            let runs = self.runs(&line.points);
            let runs = runs.iter().map(|run| path(&mut run.iter().map(|point| (point.x, point.y))));
            runs.collect::<Vec<_>>().join("M")
        } else {
            path(&mut line.curve.iter().copied())
        };
        html! {
            @if way.contains('L') { path class=(line.series.line()) d={ "M" (way) } {} }
            @for point in &line.points {
                path.mark.open[point.unstable] transform={ "translate(" (at(point.x, point.y)) ")" }
                    d=(marker(line.series.shape)) {
                    title.code { (point.text) }
                }
            }
        }
    }

    /// Returns the label of each line, in a column on the right: pushed apart, and with a leader from the line's end.
    fn labels(&self) -> Vec<Markup> {
        let end = |line: &Line| line.end().map(|(x, y)| (self.x.px(x), self.py(y)));
        let ends: Vec<_> = self.chart.all.iter().filter_map(end).collect();
        let heights: Vec<f64> = ends.iter().map(|(_, y)| *y).collect();
        let heights = apart(&heights, LINE, [self.top, self.bottom]);
        let lines = self.chart.all.iter().zip(ends).zip(heights);
        lines.map(|((line, end), height)| self.label(&line.series, end, height)).collect()
    }

    fn label(&self, series: &Series, (x, y): (f64, f64), height: f64) -> Markup {
        let right = self.x.right;
        let (bend, end) = (right + 2.0, right + LEADER - 14.0);
        html! {
            path.leader d=(format_args!("M{:.1} {y:.1}H{bend:.1}L{end:.1} {height:.1}", x + 6.0)) {}
            path.sample d=(marker(series.shape))
                transform=(format_args!("translate({:.1} {height:.1}) scale(.8)", right + LEADER - 9.0)) {}
            (text("label code", (right + LEADER, height), ".35em", series.label_within(self.x.layout.letters())))
        }
    }
}
