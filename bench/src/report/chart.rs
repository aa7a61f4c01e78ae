//! A line chart with logarithmic axes, as inline SVG.
//!
//! A mechanism has a colour, a variant a marker, so nobody has to tell lines apart by colour alone. Text and axes are
//! drawn in the page's own text colour, so that the chart fits a light and a dark page.

use std::fmt::Write as _;

use plotters::prelude::*;

use super::axis::{self, Axis};
use crate::{SIX, size_name};

/// Width and height of a drawing, in its own units.
const CANVAS: (u32, u32) = (900, 480);

/// The Okabe-Ito palette: colours that people with any kind of colour blindness can tell apart. In the order of
/// [`SIX`].
const COLOURS: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xb2), // blue
    RGBColor(0x56, 0xb4, 0xe9), // sky blue
    RGBColor(0xe6, 0x9f, 0x00), // orange
    RGBColor(0x00, 0x9e, 0x73), // green
    RGBColor(0xd5, 0x5e, 0x00), // vermilion
    RGBColor(0xcc, 0x79, 0xa7), // purple
];

/// Stands for the page's text colour while plotters draws; replaced by it afterwards.
const INK: RGBColor = RGBColor(1, 2, 3);
const INK_AS_WRITTEN: &str = "#010203";

/// One line of a chart.
#[derive(Debug)]
pub(super) struct Series {
    name: String,
    /// Which of the six, and which of its variants.
    place: (usize, usize),
    /// Message size in bytes, and the value there.
    pub points: Vec<(usize, f64)>,
}

/// A chart over message size.
#[derive(Debug)]
pub(super) struct Chart {
    pub title: &'static str,
    /// How to read it.
    pub hint: &'static str,
    pub unit: &'static str,
    pub series: Vec<Series>,
}

impl Series {
    pub(super) fn new(mechanism: &str, variant: &str) -> Self {
        let member = SIX.iter().position(|member| member.profile.name == mechanism);
        let member = member.expect("every row is of one of the six");
        let variants = SIX[member].profile.variants;
        let place = (member, variants.iter().position(|known| known.name == variant).unwrap_or(0));
        Self { name: format!("{mechanism} ({variant})"), place, points: Vec::new() }
    }

    /// Where it stands among the others.
    pub(super) fn place(&self) -> (usize, usize) {
        self.place
    }

    fn colour(&self) -> RGBColor {
        COLOURS[self.place.0]
    }
}

impl Chart {
    /// The chart with its title and legend, in HTML.
    pub(super) fn figure(&self) -> String {
        let Self { title, hint, unit, series } = self;
        let names: Vec<_> = series.iter().map(|series| series.name.as_str()).collect();
        let described = format!(
            "<title>{title}</title><desc>{unit}, over message size in bytes; both axes are logarithmic. Lines: {}.</desc>",
            names.join(", ")
        );
        let drawing = self.draw().expect("drawing into memory does not fail");
        let drawing = drawing.replacen('>', &format!(" role=\"img\">\n{described}"), 1);
        let mut legend = String::new();
        for series in series {
            let swatch = swatch(series).expect("drawing into memory does not fail");
            let _ = write!(legend, "<li>{swatch}{}</li>", series.name); // a String takes everything
        }
        format!(
            "<figure><figcaption>{title} <span>({hint})</span></figcaption>\n<div class=\"wide\" tabindex=\"0\">\n\
             {drawing}</div>\n<ul class=\"legend\">{legend}</ul></figure>"
        )
    }

    fn draw(&self) -> Result<String, Failure> {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let x = Axis::of_sizes(points().map(|point| point.0));
        let y = Axis::of_values(points().map(|point| point.1));
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, CANVAS).into_drawing_area();
            let mut chart = ChartBuilder::on(&area)
                .margin(12)
                .x_label_area_size(48)
                .y_label_area_size(78)
                .build_cartesian_2d(x, y)?;
            let font = ("sans-serif", 19).into_font().color(&INK);
            chart
                .configure_mesh()
                .axis_style(INK.mix(0.6))
                .bold_line_style(INK.mix(0.2))
                .light_line_style(INK.mix(0.07))
                .label_style(font.clone())
                .axis_desc_style(font)
                .x_desc("message size in bytes (K = 1024)")
                .y_desc(self.unit)
                .x_label_formatter(&|x| size_name(*x as usize))
                .y_label_formatter(&|y| axis::label(*y))
                .draw()?;
            for series in &self.series {
                let at: Vec<_> = series.points.iter().map(|&(size, value)| (size as f64, value)).collect();
                let colour = series.colour();
                chart.draw_series(LineSeries::new(at.iter().copied(), colour.stroke_width(3)))?;
                match series.place.1 {
                    0 => chart.draw_series(at.iter().map(|&at| Circle::new(at, 6, colour.filled())))?,
                    1 => {
                        chart.draw_series(at.iter().map(|&at| TriangleMarker::new(at, 8, colour.filled())))?
                    }
                    _ => chart.draw_series(at.iter().map(|&at| Cross::new(at, 7, colour.stroke_width(3))))?,
                };
            }
            area.present()?;
        }
        Ok(svg.replace(INK_AS_WRITTEN, "currentColor"))
    }
}

type Failure = Box<dyn std::error::Error>;

/// A piece of the series' line with its marker, for the legend.
fn swatch(series: &Series) -> Result<String, Failure> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (44, 18)).into_drawing_area();
        let colour = series.colour();
        area.draw(&PathElement::new([(0, 9), (44, 9)], colour.stroke_width(3)))?;
        match series.place.1 {
            0 => area.draw(&Circle::new((22, 9), 6, colour.filled()))?,
            1 => area.draw(&TriangleMarker::new((22, 9), 8, colour.filled()))?,
            _ => area.draw(&Cross::new((22, 9), 7, colour.stroke_width(3)))?,
        }
        area.present()?;
    }
    Ok(svg.replacen("<svg ", "<svg aria-hidden=\"true\" ", 1))
}
