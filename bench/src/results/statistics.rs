//! From a few rounds to a figure with a measure of its reliability.
//!
//! The messages of one round are not independent samples: each waits for the one before, and a disturbance affects many
//! in a row. The *rounds* are the samples instead. They are spread over time, between those of all other cases, so that
//! they see the machine in different states. A figure is the median over the rounds, its interval comes from the
//! differences between the rounds, and rounds that differ too much are called unstable.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, ContinuousCDF as _, DiscreteCDF as _, StudentsT};

/// Rounds whose middle half spreads wider than this share of their median do not agree.
pub const AGREEMENT: f64 = 0.10;

/// An estimate and the interval that holds the true value with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The estimate itself.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Returns true if `value` lies within.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Returns true if some value lies within both: then their order is not known.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// Returns the value below which the share `q` of the samples lies, interpolated between two samples; `None` if there
/// are none.
#[must_use]
pub fn quantile(samples: &[f64], q: f64) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = q.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(below + (above - below) * at.fract())
}

/// Returns the median of the samples; `None` if there are none.
#[must_use]
pub fn median(samples: &[f64]) -> Option<f64> {
    quantile(samples, 0.5)
}

/// The fewest rounds whose median has an interval: the range of six holds it with 97 %, that of five with 94 %.
const FEWEST: usize = 6;

/// Returns the median of the samples, with an interval that holds the true median with 95 % confidence: two of the
/// samples, counted from both ends, so that nothing is assumed about their distribution. `None` for
/// fewer than six, of which even the whole range holds it with less.
#[must_use]
pub fn median_interval(samples: &[f64]) -> Option<Interval> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len();
    if count < FEWEST {
        return None;
    }
    // The median lies below the sample at `from` if at most `from` of the samples do, each with probability 1/2.
    let at_most = |few: usize| Binomial::new(0.5, count as u64).map_or(1.0, |of| of.cdf(few as u64));
    let from = (0..count / 2).rev().find(|&from| 2.0 * at_most(from) <= 0.05).unwrap_or(0);
    Some(Interval { estimate: median(samples)?, low: sorted[from], high: sorted[count - 1 - from] })
}

/// Returns the spread of the middle half of the samples, as a share of their median: 0.1 is 10 %. Two samples or fewer
/// have no middle half: their distance is used. `None` if there are none.
#[must_use]
pub fn spread(samples: &[f64]) -> Option<f64> {
    let [low, high] = if samples.len() > 2 { [0.25, 0.75] } else { [0.0, 1.0] };
    let width = quantile(samples, high)? - quantile(samples, low)?;
    Some(if width == 0.0 { 0.0 } else { width / median(samples)?.abs() })
}

/// Returns true if the rounds of a row agree: within [`AGREEMENT`].
#[must_use]
pub fn agree(samples: &[f64]) -> bool {
    spread(samples).is_some_and(|spread| spread <= AGREEMENT)
}

/// Returns the mean of the samples, with its interval by Student's t; `None` for fewer than two samples, which say
/// nothing about their variance.
#[must_use]
pub fn mean(samples: &[f64]) -> Option<Interval> {
    let Moments { mean, error, freedom } = Moments::of(samples)?;
    let half = student(freedom) * error;
    Some(Interval { estimate: mean, low: mean - half, high: mean + half })
}

/// Returns the factor by which `new` differs from `old`: the ratio of their geometric means, with its interval by
/// Welch's t on the logarithms. Logarithms, since a machine disturbs by factors and not by amounts. `None` unless both
/// have two samples, all above 0.
#[must_use]
pub fn ratio(old: &[f64], new: &[f64]) -> Option<Interval> {
    let Moments { mean, error, freedom } = difference(old, new)?;
    let half = student(freedom) * error;
    let [estimate, low, high] = [mean, mean - half, mean + half].map(f64::exp);
    Some(Interval { estimate, low, high })
}

/// Returns the probability of samples as far beyond `factor` as these if `new` really differs from `old` by that factor
/// and no more: the one-sided p-value of the test that corresponds to the interval of [`ratio`]. `None` as there.
#[must_use]
pub fn chance_beyond(old: &[f64], new: &[f64], factor: f64) -> Option<f64> {
    let Moments { mean, error, freedom } = difference(old, new)?;
    let beyond = mean - factor.ln();
    Some(match error {
        0.0 if beyond > 0.0 => 0.0,
        0.0 => 1.0,
        _ => student_tail(beyond / error, freedom),
    })
}

/// Returns which of many tests are significant if the probability that even one of them errs may be no more than
/// `risk`: Holm's rule. Each test has its own probability of erring; of a hundred tests that are each right in 95 of
/// 100 cases, five would err.
#[must_use]
pub fn significant(chances: &[f64], risk: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|&a, &b| chances[a].total_cmp(&chances[b]));
    let mut told = vec![false; chances.len()];
    for (place, at) in order.into_iter().enumerate() {
        if chances[at] > risk / (chances.len() - place) as f64 {
            break; // the tests that follow are less significant still
        }
        told[at] = true;
    }
    told
}

/// Returns the difference of the logarithms of `new` and `old`, by Welch and Satterthwaite, for samples of unequal
/// variance.
fn difference(old: &[f64], new: &[f64]) -> Option<Moments> {
    let logarithms = |samples: &[f64]| -> Option<Vec<f64>> {
        samples.iter().map(|&sample| (sample > 0.0).then(|| sample.ln())).collect()
    };
    let (old, new) = (Moments::of(&logarithms(old)?)?, Moments::of(&logarithms(new)?)?);
    let variance = old.error.powi(2) + new.error.powi(2);
    // The effective degrees of freedom of two samples of unequal variance.
    let worth = old.error.powi(4) / old.freedom + new.error.powi(4) / new.freedom;
    let freedom = if worth > 0.0 { variance.powi(2) / worth } else { old.freedom + new.freedom };
    Some(Moments { mean: new.mean - old.mean, error: variance.sqrt(), freedom })
}

/// The parts of an interval.
struct Moments {
    mean: f64,
    /// The standard error of the mean.
    error: f64,
    /// Degrees of freedom.
    freedom: f64,
}

impl Moments {
    fn of(samples: &[f64]) -> Option<Self> {
        if samples.len() < 2 {
            return None;
        }
        let count = samples.len() as f64;
        let mean = samples.iter().sum::<f64>() / count;
        let variance = samples.iter().map(|sample| (sample - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Some(Self { mean, error: (variance / count).sqrt(), freedom: count - 1.0 })
    }
}

/// Returns the number of standard errors from the mean to each end of a 95 % interval.
fn student(freedom: f64) -> f64 {
    distribution(freedom).inverse_cdf(0.975)
}

/// Returns the probability that Student's t is greater than `t`.
fn student_tail(t: f64, freedom: f64) -> f64 {
    distribution(freedom).sf(t)
}

/// Returns Student's t for the degrees of freedom, rounded down: an interval becomes wider, never narrower than it
/// should be.
fn distribution(freedom: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, freedom.floor().max(1.0)).expect("a whole number above 0")
}

#[cfg(test)]
mod tests;
