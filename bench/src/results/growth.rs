//! The growth of the time with the size of the message, compared with its growth on the baseline.

use serde::{Deserialize, Serialize};

use crate::results::case::Kind;
use crate::results::row::{Row, by_itself};

/// A step from one size to the next larger one that was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Growth {
    /// Short name of the mechanism.
    pub mechanism: String,
    /// The variant of the mechanism.
    pub variant: String,
    /// The quantity that was measured.
    pub kind: Kind,
    /// The wait strategy of both sides.
    pub wait: String,
    /// The placement of the two processes.
    pub cpus: String,
    /// As [`Row::flush_every`].
    #[serde(default = "by_itself")] // older results do not have it
    pub flush_every: u64,
    /// The smaller size, in bytes.
    pub from: usize,
    /// The larger size, in bytes.
    pub to: usize,
    /// The suite's time for the larger size divided by its time for the smaller one.
    pub suite: f64,
    /// The same for bare calls.
    pub floor: f64,
    /// The growth of the suite's time divided by the growth of the baseline's. Computed from the two `floor_ratio`s, so
    /// that each time is compared within its own rounds.
    pub ratio: f64,
}

/// The growth beyond that of the baseline that is within what two runs differ.
const ALIKE: f64 = 1.1;

impl Growth {
    /// Returns true if the suite's time grows faster than the baseline's: with the size, something grows that is not the
    /// mechanism's.
    #[must_use]
    pub fn is_steep(&self) -> bool {
        self.ratio > ALIKE
    }

    /// Returns all steps within `rows` in which each size was measured beside its baseline.
    #[must_use]
    pub fn of(rows: &[Row]) -> Vec<Self> {
        let of_suite = |row: &&Row| row.implementation == "suite" && row.floor_ratio.is_some();
        let suite: Vec<&Row> = rows.iter().filter(of_suite).collect();
        let alike = |a: &Row, b: &Row| {
            (&a.mechanism, &a.variant, a.kind, &a.wait, &a.cpus, a.flush_every)
                == (&b.mechanism, &b.variant, b.kind, &b.wait, &b.cpus, b.flush_every)
        };
        let next = |row: &Row| {
            let larger = suite.iter().filter(|other| alike(row, other) && other.size > row.size);
            larger.min_by_key(|other| other.size).copied()
        };
        suite.iter().filter_map(|row| Self::step(row, next(row)?)).collect()
    }

    fn step(from: &Row, to: &Row) -> Option<Self> {
        let time = |row: &Row| row.beside_floor.as_ref().map(|rounds| rounds.ns.median);
        let suite = time(to)? / time(from)?;
        let ratio = to.floor_ratio? / from.floor_ratio?;
        let Row { mechanism, variant, kind, wait, cpus, flush_every, .. } = from.clone();
        let (from, to, floor) = (from.size, to.size, suite / ratio);
        Some(Self { mechanism, variant, kind, wait, cpus, flush_every, from, to, suite, floor, ratio })
    }
}

#[cfg(test)]
mod tests {
    use ipc_core::Wait;

    use super::*;
    use crate::invented::case;
    use crate::results::case::Case;
    use crate::results::row::Rounds;

    /// Returns a row of one mechanism with that time and that ratio to its baseline.
    fn beside(size: usize, wait: Wait, ns: f64, floor_ratio: Option<f64>) -> Row {
        let case = Case { size, ..case("pipe", "anonymous", Kind::RoundTrip, wait) };
        Row { beside_floor: Some(Rounds::of(10, &[ns])), floor_ratio, ..Row::empty(&case) }
    }

    #[test]
    fn from_size_to_size_both_grow_by_their_own_factors() {
        let rows = [
            beside(1024, Wait::Block, 900.0, Some(1.2)),
            beside(64, Wait::Block, 100.0, Some(2.0)),
            Row { implementation: "floor".into(), ..beside(100, Wait::Block, 1.0, Some(1.0)) },
            beside(128, Wait::Block, 1.0, None),
            beside(256, Wait::Block, 300.0, Some(1.5)),
            beside(512, Wait::Spin, 1.0, Some(1.0)),
            Row { cpus: "same".into(), ..beside(512, Wait::Block, 1.0, Some(1.0)) },
            Row { kind: Kind::Throughput, ..beside(512, Wait::Block, 1.0, Some(1.0)) },
            Row { flush_every: 32, ..beside(512, Wait::Block, 1.0, Some(1.0)) },
            Row { mechanism: "fifo".into(), ..beside(512, Wait::Block, 1.0, Some(1.0)) },
            Row { variant: "other".into(), ..beside(512, Wait::Block, 1.0, Some(1.0)) },
        ];
        let steps = Growth::of(&rows);
        let figures: Vec<_> = steps.iter().map(|step| (step.from, step.to, step.suite)).collect();
        assert_eq!(figures, [(64, 256, 3.0), (256, 1024, 3.0)]);
        // The bare calls take 200 ns where the suite takes 300, and 50 where it takes 100: they grow by a factor of 4.
        for (step, [floor, ratio]) in steps.iter().zip([[4.0, 0.75], [3.75, 0.8]]) {
            assert!((step.floor - floor).abs() < 1e-12 && (step.ratio - ratio).abs() < 1e-12, "{step:?}");
        }
        let flags = [0.75, 1.0, 1.1, 1.11].map(|ratio| Growth { ratio, ..steps[0].clone() }.is_steep());
        assert_eq!(flags, [false, false, false, true]);
        let Growth { mechanism, variant, kind, wait, cpus, flush_every, .. } = &steps[0];
        assert_eq!([mechanism, variant, wait, cpus], ["pipe", "anonymous", "block", "split"]);
        assert_eq!((*kind, *flush_every), (Kind::RoundTrip, 1));
        let batched = rows.map(|row| Row { flush_every: 8, ..row });
        assert!(Growth::of(&batched).iter().all(|step| step.flush_every == 8));
    }
}
