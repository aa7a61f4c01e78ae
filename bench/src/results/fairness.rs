//! The fairness between the clients of one server.

use serde::{Deserialize, Serialize};

/// The numbers of messages that the clients of one server exchanged in the same time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fairness {
    /// The fewest messages of one client.
    pub min: u64,
    /// The median of the clients.
    pub median: u64,
    /// The most messages of one client.
    pub max: u64,
    /// Jain's index: 1 if all were served equally, 1/n if one of n clients got everything. See [`jain`].
    pub index: f64,
}

impl Fairness {
    /// Returns the fairness for these numbers of messages, one for each client; `None` without clients.
    #[must_use]
    pub fn of(counts: &[u64]) -> Option<Self> {
        let mut sorted = counts.to_vec();
        sorted.sort_unstable();
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        Some(Self { min, median: sorted[sorted.len() / 2], max, index: jain(counts) })
    }
}

/// Returns Jain's fairness index: the square of the sum, divided by the number of clients times the sum of the squares.
/// 1 if all got the same, 1/n if one of n got everything.
#[must_use]
pub fn jain(counts: &[u64]) -> f64 {
    let sum: f64 = counts.iter().map(|&count| count as f64).sum();
    let squares: f64 = counts.iter().map(|&count| (count as f64).powi(2)).sum();
    if squares == 0.0 { 1.0 } else { sum * sum / (counts.len() as f64 * squares) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_one_for_equal_shares_and_falls_to_one_nth() {
        let is = |counts: &[u64], index: f64| (jain(counts) - index).abs() < 1e-12;
        assert!(is(&[7], 1.0) && is(&[5, 5, 5, 5], 1.0) && is(&[8, 0, 0, 0], 0.25) && is(&[1, 3], 0.8));
        assert!(is(&[0, 0], 1.0), "no client got anything: equal shares");
    }

    #[test]
    fn fairness_has_the_fewest_the_middle_and_the_most() {
        let of = |counts: &[u64]| Fairness::of(counts).map(|fair| [fair.min, fair.median, fair.max]);
        assert_eq!(of(&[40, 10, 30, 20, 90]), Some([10, 30, 90]));
        assert_eq!((of(&[7]), of(&[])), (Some([7; 3]), None));
        assert!((Fairness::of(&[1, 3]).unwrap().index - 0.8).abs() < 1e-12);
    }
}
