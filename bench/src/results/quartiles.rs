//! The middle of a set of figures, and how far apart they are.

use serde::{Deserialize, Serialize};

use crate::results::statistics::quantile;

/// The median, and the two values that enclose the middle half. A few extreme values do not move them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quartiles {
    /// The value below which a quarter of the values lies.
    pub p25: f64,
    /// The value below which half of the values lies.
    pub median: f64,
    /// The value above which a quarter of the values lies.
    pub p75: f64,
}

impl Quartiles {
    /// Returns the quartiles of `values`; all NaN if there are none.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().collect();
        let at = |q| quantile(&values, q).unwrap_or(f64::NAN);
        Self { p25: at(0.25), median: at(0.5), p75: at(0.75) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_have_known_quartiles() {
        let of = |values: &[f64]| Quartiles::of(values.iter().copied());
        assert_eq!(of(&[5.0, 1.0, 3.0, 2.0, 4.0]), Quartiles { p25: 2.0, median: 3.0, p75: 4.0 });
        assert_eq!(of(&[1.0, 2.0]), Quartiles { p25: 1.25, median: 1.5, p75: 1.75 });
        assert_eq!(of(&[7.0]), Quartiles { p25: 7.0, median: 7.0, p75: 7.0 });
        assert!(of(&[]).median.is_nan());
    }

    #[test]
    fn one_wild_value_moves_nothing() {
        let calm = Quartiles::of([1.0, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(Quartiles::of([1.0, 1.0, 1.0, 1.0, 1000.0]), calm);
    }
}
