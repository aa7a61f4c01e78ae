//! An axis: the place of each value on it, and marks where a reader expects them.

use crate::results::units::{grouped, size_name};

/// One axis of a chart.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// The measured quantity, with the unit.
    pub name: String,
    scale: Scale,
    low: f64,
    high: f64,
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
    /// True if the label can be left out where space is short.
    pub minor: bool,
}

impl Mark {
    /// Returns the class of its line.
    pub(crate) fn line(&self) -> &'static str {
        if self.label.is_empty() { "fine" } else { "grid" }
    }

    /// Returns the addition to the class of its label.
    pub(crate) fn importance(&self) -> &'static str {
        if self.minor { " minor" } else { "" }
    }
}

impl Axis {
    /// Returns an axis for values above 0, from below the least to above the greatest. Marked at 1, 2 and 5 of each
    /// decade, or finer.
    pub(crate) fn of_values(name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = around(values, 1.15);
        let mut marks = decades(low, high);
        if marks.iter().filter(|mark| !mark.label.is_empty()).count() < 3 {
            marks = steps(low, high);
        }
        Self { name: name.into(), scale: Scale::Logarithmic, low, high, is_of_steps: false, marks }
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
        let (low, high) = around(values.iter().map(|&value| value as f64), 1.25);
        let room = (high / low).ln() / 12.0; // closer than this, labels touch
        let mut last = f64::NEG_INFINITY;
        let mark = |value: usize| {
            let at = value as f64;
            let minor = at.ln() - last < room;
            last = if minor { last } else { at.ln() };
            Mark { at, label: label(value), minor }
        };
        let marks = values.into_iter().map(mark).collect();
        Self { name: name.into(), scale: Scale::Logarithmic, low, high, is_of_steps: true, marks }
    }

    /// Returns an axis for message sizes.
    pub(crate) fn of_sizes(sizes: impl IntoIterator<Item = usize>) -> Self {
        Self::of_steps("message size in bytes (K = 1024)", sizes, size_name)
    }

    /// Returns an axis for percentiles, from the median to one in ten thousand.
    pub(crate) fn of_percentiles(name: &str) -> Self {
        let marks = [(50.0, "50"), (90.0, "90"), (99.0, "99"), (99.9, "99.9"), (99.99, "99.99")];
        let marks = marks.map(|(at, label)| Mark { at, label: label.into(), minor: false });
        let (scale, marks) = (Scale::Nines, marks.into());
        Self { name: name.into(), scale, low: 47.0, high: 99.9925, is_of_steps: false, marks }
    }

    /// Returns an axis for `count` rows, counted from the top, without marks: the chart writes the names into the rows.
    pub(crate) fn of_rows(count: usize) -> Self {
        let (scale, low) = (Scale::Linear, count as f64);
        Self { name: String::new(), scale, low, high: 0.0, is_of_steps: false, marks: Vec::new() }
    }

    /// Returns the place of a value: 0 at the beginning of the axis, 1 at its end.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let straight = |value: f64| match self.scale {
            Scale::Logarithmic => value.ln(),
            Scale::Linear => value,
            Scale::Nines => -(1.0 - value / 100.0).ln(),
        };
        (straight(value) - straight(self.low)) / (straight(self.high) - straight(self.low))
    }
}

/// Returns the range from the least to the greatest value, with a margin by a factor on both sides. Without values: 1
/// to 10.
fn around(values: impl IntoIterator<Item = f64>, margin: f64) -> (f64, f64) {
    let values = values.into_iter().filter(|value| value.is_finite() && *value > 0.0);
    let (least, greatest) = values.fold((f64::INFINITY, 0.0), |(l, g), value| (value.min(l), value.max(g)));
    if least > greatest { (1.0, 10.0) } else { (least / margin, greatest * margin) }
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

/// Returns marks at equal steps, for a range of less than a decade.
fn steps(low: f64, high: f64) -> Vec<Mark> {
    let rough = (high - low) / 4.0;
    let decade = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * decade).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(decade);
    let digits = (-decade.log10()).max(0.0) as usize;
    let marks = (low / step).ceil() as i64..=(high / step).floor() as i64;
    let label = |at: f64| if step < 1.0 { format!("{at:.digits$}") } else { label(at) };
    marks.map(|n| n as f64 * step).map(|at| Mark { at, label: label(at), minor: false }).collect()
}

/// Formats a round number as a short label: `0.5`, `20`, `5,000`, `20k`, `1M`.
pub(crate) fn label(value: f64) -> String {
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
        assert_eq!(labels(&Axis::of_values("", [12.0, 900.0])), "20 50 100 200 500 1,000");
        assert_eq!(labels(&Axis::of_values("", [0.97, 1.3])), "1.0 1.2 1.4");
        assert_eq!(labels(&Axis::of_values("", [0.1, 1e6])), "0.1 1 10 100 1,000 10k 100k 1M");
        assert_eq!([0.05, 0.5, 2_000.0, 20_000.0, 2.5e6].map(label).join(" "), "0.05 0.5 2,000 20k 2.5M");
    }

    #[test]
    fn equal_factors_take_equal_room() {
        let axis = Axis { low: 1.0, high: 1000.0, ..Axis::of_values("", []) };
        let places = [1.0, 10.0, 100.0, 1000.0].map(|value| (axis.place(value) * 300.0).round() as i32);
        assert_eq!(places, [0, 100, 200, 300]);
    }

    #[test]
    fn each_further_nine_takes_equal_room() {
        let axis = Axis::of_percentiles("");
        let [a, b, c, d] = [90.0, 99.0, 99.9, 99.99].map(|value| axis.place(value));
        assert!(((b - a) - (c - b)).abs() < 1e-6 && ((c - b) - (d - c)).abs() < 1e-6);
        assert!(axis.place(50.0) > 0.0 && d < 1.0);
    }

    #[test]
    fn no_value_and_one_value_are_no_harm() {
        assert!(Axis::of_values("", []).place(5.0).is_finite());
        assert!(Axis::of_values("", [7.0, 0.0, f64::NAN]).place(7.0).is_finite());
        assert!(Axis::of_sizes([64]).place(64.0).is_finite());
        assert!(Axis::of_rows(0).marks.is_empty());
    }
}
