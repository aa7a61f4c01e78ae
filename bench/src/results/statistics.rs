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
#[allow(clippy::float_cmp)] // the test is about exact values
mod tests {
    use super::*;

    /// A fixed sequence of numbers that look random, the same in every run: xorshift.
    struct Numbers(u64);

    impl Numbers {
        /// Returns a number between 0 and 1.
        fn uniform(&mut self) -> f64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as f64 / (1u64 << 53) as f64
        }

        /// Returns a normally distributed number, with mean 0 and deviation 1: Box and Muller.
        fn normal(&mut self) -> f64 {
            let (radius, angle) = (1.0 - self.uniform(), self.uniform());
            (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
        }
    }

    fn share_of_hits(mut hit: impl FnMut(&mut Numbers) -> bool) -> f64 {
        const TRIALS: u32 = 4000;
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let hits = (0..TRIALS).filter(|_| hit(&mut numbers)).count();
        hits as f64 / f64::from(TRIALS)
    }

    #[test]
    fn quantiles_of_known_samples() {
        let samples = [4.0, 1.0, 3.0, 2.0, 5.0];
        for (q, expected) in [(0.0, 1.0), (0.25, 2.0), (0.5, 3.0), (0.9, 4.6), (1.0, 5.0)] {
            assert_eq!(quantile(&samples, q), Some(expected));
        }
        assert_eq!(median(&[1.0, 2.0]), Some(1.5));
        assert_eq!(median(&[]), None);
        assert_eq!(spread(&samples), Some(2.0 / 3.0));
        assert_eq!(spread(&[2.0, 3.0]), Some(0.4));
        assert_eq!(spread(&[7.0]), Some(0.0));
        assert_eq!(spread(&[4.0, 1.0, 2.0]), Some(0.75), "three have a middle half: from 1.5 to 3");
    }

    /// By the binomial distribution: of six samples all lie on one side with 3.1 %, of 15 all but three with 3.5 %.
    #[test]
    fn a_median_has_the_interval_of_the_order_of_its_samples() {
        for (count, low, high) in [(6, 1, 6), (7, 1, 7), (8, 1, 8), (9, 2, 8), (15, 4, 12), (31, 10, 22)] {
            let samples: Vec<_> = (1..=count).rev().map(f64::from).collect();
            let [low, high] = [low, high].map(f64::from);
            let estimate = f64::from(count + 1) / 2.0;
            assert_eq!(median_interval(&samples), Some(Interval { estimate, low, high }), "{count}");
        }
        assert_eq!(median_interval(&[1.0, 2.0, 3.0, 4.0, 5.0]), None);
        let holds = share_of_hits(|numbers| {
            let samples: Vec<_> = (0..9).map(|_| numbers.normal().exp()).collect();
            median_interval(&samples).unwrap().contains(1.0)
        });
        assert!((0.95..0.97).contains(&holds), "{holds}");
    }

    #[test]
    fn intervals_overlap_if_they_share_a_value() {
        let [a, b, c] = [(1.0, 3.0), (3.0, 4.0), (3.5, 9.0)].map(|(low, high)| Interval {
            estimate: f64::midpoint(low, high),
            low,
            high,
        });
        assert!(a.overlaps(&b) && b.overlaps(&a) && b.overlaps(&c) && c.overlaps(&b));
        assert!(!a.overlaps(&c) && !c.overlaps(&a));
    }

    #[test]
    fn rounds_agree_within_a_tenth_even_if_one_strays() {
        assert!(agree(&[100.0, 101.0, 99.0, 100.0, 900.0]));
        assert!(!agree(&[100.0, 120.0, 80.0, 140.0, 60.0]));
        assert!(!agree(&[]));
        assert!(agree(&[95.0, 95.0, 100.0, 105.0, 105.0]), "just within");
        assert!(!agree(&[94.9, 94.9, 100.0, 105.0, 105.0]));
    }

    /// The expected values are from printed tables, and from the definition.
    #[test]
    fn an_interval_has_the_ends_of_the_book() {
        let near = |interval: Interval, [estimate, low, high]: [f64; 3]| {
            let off = [interval.estimate - estimate, interval.low - low, interval.high - high];
            assert!(off.iter().all(|off| off.abs() < 1e-3), "{interval:?}");
            assert!(interval.contains(interval.low) && interval.contains(interval.high));
            assert!(!interval.contains(low - 0.01) && !interval.contains(high + 0.01));
        };
        // A deviation of 1.2910, an error of half of that, and three degrees of freedom: 3.182 errors on each side.
        near(mean(&[1.0, 2.0, 3.0, 4.0]).unwrap(), [2.5, 0.446, 4.554]);
        // By Welch: 6.07 degrees of freedom, rounded down to six.
        let (old, new) = ([10.0, 10.5, 9.7, 10.1], [12.0, 14.9, 10.8, 13.2, 12.6, 11.1]);
        near(ratio(&old, &new).unwrap(), [1.2273, 1.0831, 1.3907]);
        near(ratio(&new, &old).unwrap(), [1.0 / 1.2273, 1.0 / 1.3907, 1.0 / 1.0831]);
        for (freedom, expected) in [(1.0, 12.706), (2.9, 4.303), (10.0, 2.228), (30.9, 2.042), (1e6, 1.960)] {
            assert!((student(freedom) - expected).abs() < 5e-4, "{freedom}");
        }
    }

    #[test]
    fn an_interval_of_95_percent_holds_the_true_mean_in_95_of_100_trials() {
        for rounds in [3, 5, 10, 40] {
            let share = share_of_hits(|numbers| {
                let samples: Vec<_> = (0..rounds).map(|_| 50.0 + 5.0 * numbers.normal()).collect();
                mean(&samples).unwrap().contains(50.0)
            });
            assert!((0.94..0.965).contains(&share), "{rounds} rounds: {share}");
        }
    }

    #[test]
    fn a_known_factor_is_found_and_no_factor_is_not() {
        let rounds = |factor: f64| {
            move |numbers: &mut Numbers| -> Vec<f64> {
                (0..6).map(|_| factor * 20.0 * (0.05 * numbers.normal()).exp()).collect()
            }
        };
        let (old, same, slower) = (rounds(1.0), rounds(1.0), rounds(1.3));
        let holds = share_of_hits(|numbers| ratio(&old(numbers), &slower(numbers)).unwrap().contains(1.3));
        assert!((0.935..0.975).contains(&holds), "{holds}");
        let noticed = share_of_hits(|numbers| !ratio(&old(numbers), &slower(numbers)).unwrap().contains(1.0));
        assert!(noticed > 0.99, "{noticed}");
        let false_alarms =
            share_of_hits(|numbers| !ratio(&old(numbers), &same(numbers)).unwrap().contains(1.0));
        assert!(false_alarms < 0.065, "{false_alarms}");
    }

    #[test]
    fn the_tail_of_student_is_known() {
        for freedom in 1..=30 {
            let tail = student_tail(student(f64::from(freedom)), f64::from(freedom));
            assert!((tail - 0.025).abs() < 5e-5, "{freedom}: {tail}");
            assert!(
                (student_tail(-1.0, f64::from(freedom)) + student_tail(1.0, f64::from(freedom)) - 1.0).abs()
                    < 1e-12
            );
        }
        // From printed tables.
        for (t, freedom, tail) in
            [(1.0, 1.0, 0.25), (63.657, 1.0, 0.005), (4.144, 10.0, 0.001), (3.646, 30.0, 0.0005)]
        {
            assert!((student_tail(t, freedom) / tail - 1.0).abs() < 1e-3, "{t} {freedom}");
        }
        assert_eq!((student_tail(f64::INFINITY, 7.0), student_tail(f64::NEG_INFINITY, 7.0)), (0.0, 1.0));
    }

    #[test]
    fn the_chance_is_that_of_the_interval() {
        let old = [10.0, 10.5, 9.7, 10.1];
        let new = [12.0, 12.9, 11.8, 12.2];
        let interval = ratio(&old, &new).unwrap();
        for (factor, chance) in [(interval.low, 0.025), (interval.high, 0.975), (interval.estimate, 0.5)] {
            let found = chance_beyond(&old, &new, factor).unwrap();
            assert!((found - chance).abs() < 2e-5, "{factor}: {found}");
        }
        assert_eq!(chance_beyond(&[2.0, 2.0], &[4.0, 4.0], 1.5), Some(0.0));
        assert_eq!(chance_beyond(&[2.0, 2.0], &[4.0, 4.0], 2.5), Some(1.0));
        assert_eq!(chance_beyond(&[2.0], &[4.0, 4.0], 1.0), None);
    }

    #[test]
    fn the_rule_of_holm() {
        assert_eq!(significant(&[0.01, 0.04, 0.03, 0.005], 0.05), [true, false, false, true]);
        // The second best of four is compared with a third of the risk: by Bonferroni's rule it would not be
        // significant. The last is below its own limit, but one before it is not.
        assert_eq!(significant(&[0.04, 0.015, 0.03, 0.01], 0.05), [false, true, false, true]);
        assert_eq!(significant(&[0.05], 0.05), [true]);
        assert_eq!(significant(&[0.04], 0.05), [true]);
        assert_eq!(significant(&[], 0.05), [false; 0]);
    }

    /// Of twenty unchanged rows, at least one is reported as changed in no more than 5 of 100 comparisons.
    #[test]
    fn many_rows_together_raise_no_more_false_alarms_than_one() {
        let chances = |numbers: &mut Numbers| -> Vec<f64> {
            let mut rounds = || -> Vec<f64> { (0..7).map(|_| (0.2 * numbers.normal()).exp()).collect() };
            (0..20).map(|_| chance_beyond(&rounds(), &rounds(), 1.0).unwrap()).collect()
        };
        let alarms = share_of_hits(|numbers| significant(&chances(numbers), 0.05).contains(&true));
        assert!((0.02..0.06).contains(&alarms), "{alarms}");
        let each = share_of_hits(|numbers| chances(numbers).iter().any(|&chance| chance < 0.05));
        assert!(each > 0.5, "without the rule: {each}");
    }

    #[test]
    fn what_says_nothing_has_no_interval() {
        assert_eq!(mean(&[1.0]), None);
        assert_eq!(ratio(&[1.0, 2.0], &[1.0]), None);
        assert_eq!(ratio(&[1.0, 2.0], &[1.0, 0.0]), None);
        let exact = ratio(&[2.0, 2.0], &[4.0, 4.0]).unwrap();
        assert!((exact.estimate - 2.0).abs() < 1e-12 && (exact.high - exact.low).abs() < 1e-12);
    }
}
