//! The figures that cannot be told apart.

use super::figure::Figure;
use crate::results::statistics::{AGREEMENT, Interval};

/// A smaller difference is none that a program would notice.
const NEGLIGIBLE: f64 = 0.05;

/// Returns which of the figures cannot be told apart from the smallest one: their intervals overlap with its interval,
/// or they are larger by no more than [`NEGLIGIBLE`]. Without an interval, by no more than [`AGREEMENT`].
pub(super) fn equal_to_best(figures: &[Figure]) -> Vec<bool> {
    let Some(best) = figures.iter().min_by(|a, b| a.ns.total_cmp(&b.ns)) else { return Vec::new() };
    let interval =
        |figure: &Figure| figure.interval_ns.map(|[low, high]| Interval { estimate: figure.ns, low, high });
    let is_equal = |figure: &Figure| match (interval(best), interval(figure)) {
        (Some(best), Some(other)) => {
            best.overlaps(&other) || other.estimate <= best.estimate * (1.0 + NEGLIGIBLE)
        }
        _ => figure.ns <= best.ns * (1.0 + AGREEMENT),
    };
    figures.iter().map(is_equal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a figure whose interval reaches that share to both sides.
    fn figure(ns: f64, share: f64) -> Figure {
        Figure { ns, interval_ns: Some([ns * (1.0 - share), ns * (1.0 + share)]) }
    }

    #[test]
    fn intervals_tell_what_is_equal() {
        let calm = [figure(100.0, 0.01), figure(104.0, 0.01), figure(106.0, 0.01)];
        assert_eq!(equal_to_best(&calm), [true, true, false], "by less than 5 %, and by more");
        assert_eq!(equal_to_best(&[figure(106.0, 0.01), figure(100.0, 0.01)]), [false, true], "in any order");
        let wild = [figure(100.0, 0.2), figure(140.0, 0.2), figure(300.0, 0.2)];
        assert_eq!(equal_to_best(&wild), [true, true, false]);
        assert_eq!(equal_to_best(&[]), [false; 0]);
    }

    #[test]
    fn without_intervals_a_tenth_is_nothing() {
        let bare = |ns| Figure { ns, interval_ns: None };
        assert_eq!(equal_to_best(&[bare(100.0), bare(110.0), bare(111.0)]), [true, true, false]);
        assert_eq!(equal_to_best(&[figure(100.0, 0.5), bare(111.0)]), [true, false]);
    }
}
