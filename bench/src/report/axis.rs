//! A logarithmic axis with marks where a reader expects them.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Axis {
    range: Range<f64>,
    /// Marks with a label.
    labelled: Vec<f64>,
    /// Finer marks between them.
    unlabelled: Vec<f64>,
}

impl Axis {
    /// An axis of message sizes, marked at just these.
    pub(super) fn of_sizes(sizes: impl Iterator<Item = usize>) -> Self {
        let mut labelled: Vec<_> = sizes.map(|size| size as f64).collect();
        labelled.sort_by(f64::total_cmp);
        labelled.dedup();
        Self { range: around(&labelled, 1.3), labelled, unlabelled: Vec::new() }
    }

    /// An axis of any values, marked at 1, 2 and 5 of each decade, with finer marks between.
    pub(super) fn of_values(values: impl Iterator<Item = f64>) -> Self {
        let range = around(&values.collect::<Vec<_>>(), 1.2);
        let decades = range.start.log10().floor() as i32..=range.end.log10().ceil() as i32;
        let marks = decades
            .flat_map(|decade| (1..10).map(move |digit| (digit, f64::from(digit) * 10f64.powi(decade))));
        let inside = marks.filter(|(_, at)| range.contains(at));
        let (labelled, unlabelled): (Vec<_>, Vec<_>) =
            inside.partition(|(digit, _)| matches!(digit, 1 | 2 | 5));
        let at = |marks: Vec<(i32, f64)>| marks.into_iter().map(|(_, at)| at).collect();
        Self { range, labelled: at(labelled), unlabelled: at(unlabelled) }
    }
}

/// From the least to the greatest value, with a margin by a factor on both sides.
fn around(values: &[f64], margin: f64) -> Range<f64> {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(0.0, f64::max);
    least / margin..greatest * margin
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (first, last): (i32, i32)) -> i32 {
        let share = (value / self.range.start).ln() / (self.range.end / self.range.start).ln();
        first + (share * f64::from(last - first)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { self.unlabelled.clone() } else { self.labelled.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

/// A round number as a label: `0.5`, `20`, `5,000`.
pub(super) fn label(value: f64) -> String {
    if value >= 1.0 {
        return crate::table::grouped(value.round() as u64);
    }
    let digits = (-value.log10().floor()).max(0.0) as usize;
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_is_marked_with_round_numbers() {
        let axis = Axis::of_values([12.0, 900.0].into_iter());
        let labels: Vec<_> = axis.labelled.iter().map(|&at| label(at)).collect();
        assert_eq!(labels.join(" "), "10 20 50 100 200 500 1,000");
        assert_eq!([0.05, 0.5, 20_000.0].map(label).join(" "), "0.05 0.5 20,000");
    }

    #[test]
    fn equal_factors_take_equal_room() {
        let axis = Axis { range: 1.0..1000.0, labelled: Vec::new(), unlabelled: Vec::new() };
        assert_eq!([1.0, 10.0, 100.0, 1000.0].map(|value| axis.map(&value, (0, 300))), [0, 100, 200, 300]);
    }
}
