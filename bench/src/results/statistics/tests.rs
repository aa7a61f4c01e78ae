//! Tests of the statistics: by printed tables, and by trials with known outcomes.

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
    let false_alarms = share_of_hits(|numbers| !ratio(&old(numbers), &same(numbers)).unwrap().contains(1.0));
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
