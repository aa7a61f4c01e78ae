//! An axis: the place of each value on it, and marks where a reader expects them. It ends where its values end.

use crate::results::units::{bytes, grouped};

/// One axis of a chart.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// The measured quantity, with the unit.
    pub name: String,
    scale: Scale,
    /// The least and the greatest value.
    ends: [f64; 2],
    /// True if there is nothing between its marks, as between two sizes.
    pub is_of_steps: bool,
    /// The marks, from the lowest to the highest.
    pub marks: Vec<Mark>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    /// Equal factors take equal space.
    Logarithmic,
    /// Equal differences take equal space.
    Linear,
    /// Each further nine of a percentile (90, 99, 99.9) takes equal space.
    Nines,
}

/// A line across the chart, with or without a label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    pub at: f64,
    /// The label; empty for a fine line that only guides the eye.
    pub label: String,
    /// True if the label is left out first where space is short.
    pub minor: bool,
}

impl Mark {
    /// Returns the class of its line.
    pub(crate) fn line(&self) -> &'static str {
        if self.label.is_empty() { "fine" } else { "grid" }
    }
}

/// Values that differ by a larger factor are drawn on a logarithmic axis.
const LINEAR: f64 = 5.0;

impl Axis {
    /// Returns an axis for values above 0: logarithmic if they differ by a large factor, else linear.
    pub(crate) fn of_values(name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let [low, high] = ends(values);
        let scale = if high / low > LINEAR { Scale::Logarithmic } else { Scale::Linear };
        let (name, marks) = match scale {
            Scale::Logarithmic => (format!("{name}; logarithmic"), decades(low, high)),
            _ => (name.to_owned(), steps(low, high)),
        };
        Self { name, scale, ends: [low, high], is_of_steps: false, marks }
    }

    /// Returns an axis for whole numbers with a meaning of their own, such as sizes: marked at exactly these.
    pub(crate) fn of_steps(
        name: &str,
        values: impl IntoIterator<Item = usize>,
        label: fn(usize) -> String,
    ) -> Self {
        let mut values: Vec<_> = values.into_iter().filter(|&value| value > 0).collect();
        values.sort_unstable();
        values.dedup();
        let ends = ends(values.iter().map(|&value| value as f64));
        let is_round = |value: usize| value.is_power_of_two() || value.is_multiple_of(10);
        let mark = |value: usize| Mark { at: value as f64, label: label(value), minor: !is_round(value) };
        let marks = values.into_iter().map(mark).collect();
        Self { name: name.into(), scale: Scale::Logarithmic, ends, is_of_steps: true, marks }
    }

    /// Returns an axis for message sizes.
    pub(crate) fn of_sizes(sizes: impl IntoIterator<Item = usize>) -> Self {
        let label = |size| bytes(size).trim_end_matches(" bytes").to_owned();
        Self::of_steps("message size in bytes", sizes, label)
    }

    /// Returns an axis for percentiles: from the median to the highest of `values`.
    pub(crate) fn of_percentiles(name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let highest = values.into_iter().fold(90.0, f64::max);
        let marks = [(50.0, "50"), (90.0, "90"), (99.0, "99"), (99.9, "99.9"), (99.99, "99.99")];
        let marks = marks.map(|(at, label)| Mark { at, label: label.into(), minor: false });
        let marks = marks.into_iter().filter(|mark| mark.at <= highest).collect();
        Self { name: name.into(), scale: Scale::Nines, ends: [50.0, highest], is_of_steps: false, marks }
    }

    /// Returns the place of a value: 0 at the beginning of the axis, 1 at its end.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let straight = |value: f64| match self.scale {
            Scale::Logarithmic => value.ln(),
            Scale::Linear => value,
            Scale::Nines => -(1.0 - value / 100.0).ln(),
        };
        let [low, high] = self.ends.map(straight);
        (straight(value) - low) / (high - low)
    }

    /// Returns true if a value is on the axis, or at most a tenth of its length away from it.
    pub(crate) fn is_near(&self, value: f64) -> bool {
        (-0.1..=1.1).contains(&self.place(value))
    }

    /// Returns the same axis, made longer if a value lies beyond its end.
    pub(crate) fn up_to(mut self, value: f64) -> Self {
        self.ends = [self.ends[0].min(value), self.ends[1].max(value)];
        self
    }
}

/// Returns the least and the greatest value. A single one gets some space on both sides; without values: 1 to 10.
fn ends(values: impl IntoIterator<Item = f64>) -> [f64; 2] {
    let values = values.into_iter().filter(|value| value.is_finite() && *value > 0.0);
    let (least, greatest) = values.fold((f64::INFINITY, 0.0), |(l, g), value| (value.min(l), value.max(g)));
    match greatest / least {
        _ if least > greatest => [1.0, 10.0],
        factor if factor < 1.05 => [least / 1.2, greatest * 1.2],
        _ => [least, greatest],
    }
}

/// Returns marks with labels at 1, 2 and 5 of each decade, and fine ones between.
fn decades(low: f64, high: f64) -> Vec<Mark> {
    let many = high / low > 3e4;
    let mark = |decade: i32, digit: i32| {
        let at = f64::from(digit) * 10f64.powi(decade);
        let shown = digit == 1 || (matches!(digit, 2 | 5) && !many);
        Mark { at, label: if shown { label(at) } else { String::new() }, minor: digit != 1 }
    };
    let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let marks = decades.flat_map(|decade| (1..10).map(move |digit| mark(decade, digit)));
    marks.filter(|mark| (low..=high).contains(&mark.at)).collect()
}

/// Returns marks at equal steps.
fn steps(low: f64, high: f64) -> Vec<Mark> {
    let rough = (high - low) / 5.0;
    let decade = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * decade).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(decade);
    let digits = (-step.log10().floor()).max(0.0) as usize;
    let marks = (low / step).ceil() as i64..=(high / step).floor() as i64;
    let label = |at: f64| if step < 1.0 { format!("{at:.digits$}") } else { label(at) };
    marks.map(|n| n as f64 * step).map(|at| Mark { at, label: label(at), minor: false }).collect()
}

/// Formats a round number as a short label: `0.5`, `20`, `5,000`, `20k`, `1M`.
fn label(value: f64) -> String {
    match value {
        _ if value >= 1e6 => return format!("{}M", (value / 1e4).round() / 100.0),
        _ if value >= 1e4 => return format!("{}k", (value / 1e1).round() / 100.0),
        _ if value >= 1.0 => return grouped(value.round() as u64),
        _ => {}
    }
    let digits = (-value.log10().floor()).max(0.0) as usize;
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> String {
        let labels = axis.marks.iter().filter(|mark| !mark.label.is_empty()).map(|mark| mark.label.as_str());
        labels.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn an_axis_is_marked_with_round_numbers() {
        assert_eq!(labels(&Axis::of_values("", [12.0, 900.0])), "20 50 100 200 500");
        assert_eq!(labels(&Axis::of_values("", [0.97, 1.3])), "1.0 1.1 1.2 1.3");
        assert_eq!(labels(&Axis::of_values("", [31.0, 58.0])), "40 50");
        assert_eq!(labels(&Axis::of_values("", [0.1, 1e6])), "0.1 1 10 100 1,000 10k 100k 1M");
        assert_eq!([0.05, 0.5, 2_000.0, 20_000.0, 2.5e6].map(label).join(" "), "0.05 0.5 2,000 20k 2.5M");
    }

    /// Nothing that is not drawn stretches an axis.
    #[test]
    fn an_axis_ends_where_its_values_end() {
        for values in [[12.0, 900.0], [31.0, 58.0]] {
            let axis = Axis::of_values("", values);
            assert_eq!(values.map(|value| format!("{:.6}", axis.place(value))), ["0.000000", "1.000000"]);
        }
        let axis = Axis::of_percentiles("", [50.0, 99.5]);
        assert_eq!(
            (format!("{:.6}", axis.place(99.5)), labels(&axis)),
            ("1.000000".into(), "50 90 99".into())
        );
    }

    #[test]
    fn only_a_wide_range_needs_a_logarithmic_axis() {
        let middle = |high: f64| Axis::of_values("", [1.0, high]).place(f64::midpoint(1.0, high));
        assert!((middle(4.0) - 0.5).abs() < 1e-9 && middle(400.0) > 0.8);
        assert!(Axis::of_values("µs", [1.0, 400.0]).name.ends_with("; logarithmic"));
    }

    #[test]
    fn equal_factors_take_equal_room() {
        let axis = Axis::of_values("", [1.0, 1000.0]);
        let places = [1.0, 10.0, 100.0, 1000.0].map(|value| (axis.place(value) * 300.0).round() as i32);
        assert_eq!(places, [0, 100, 200, 300]);
    }

    #[test]
    fn each_further_nine_takes_equal_room() {
        let axis = Axis::of_percentiles("", [99.99]);
        let [a, b, c, d] = [90.0, 99.0, 99.9, 99.99].map(|value| axis.place(value));
        assert!(((b - a) - (c - b)).abs() < 1e-6 && ((c - b) - (d - c)).abs() < 1e-6);
    }

    #[test]
    fn a_limit_is_drawn_only_near_the_values() {
        let axis = Axis::of_values("", [10.0, 1000.0]);
        assert!(axis.is_near(8.0) && !axis.is_near(1.0));
        assert!((axis.up_to(8.0).place(8.0)).abs() < 1e-9);
    }

    #[test]
    fn no_value_and_one_value_are_no_harm() {
        assert!(Axis::of_values("", []).place(5.0).is_finite());
        assert!((0.4..0.6).contains(&Axis::of_values("", [7.0, 0.0, f64::NAN]).place(7.0)));
        assert!(Axis::of_sizes([64]).place(64.0).is_finite());
    }
}
