//! The same exchange by other implementations, all in rounds that take turns with the suite's own.
//!
//! An implementation is a name and a function that starts its two processes: this module knows none of them.

use std::fmt;

use ipc_core::Result;

use crate::measure::baseline::in_place;
use crate::measure::baseline::overhead::{is_ring, row_of_rounds};
use crate::measure::baseline::rounds::{RoundsPlan, Subject, interleave};
use crate::measure::effort::Effort;
use crate::measure::pair::Pair;
use crate::results::case::Case;
use crate::results::document::NotMeasured;
use crate::results::implementation::Implementation;
use crate::results::quartiles::Quartiles;
use crate::results::row::Row;

/// An implementation of the exchange that a case describes.
pub struct Alternative {
    /// Its name: as in [`Row::implementation`].
    pub implementation: String,
    /// The exchange. Its mechanism and variant are those of the suite that use the same of the kernel.
    pub case: Case,
    /// Starts the two processes.
    pub start: Box<dyn Fn() -> Result<Pair>>,
}

impl fmt::Debug for Alternative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Alternative").field(&self.implementation).finish()
    }
}

/// Returns the suite's ring without copies, if a case is a stream through a ring.
#[must_use]
pub fn in_place(case: Case) -> Option<Alternative> {
    if !is_ring(&case) {
        return None;
    }
    let start = move || in_place::start(case).expect("it is a ring");
    Some(Alternative { implementation: Implementation::InPlace.name().into(), case, start: Box::new(start) })
}

/// The results of implementations that took turns.
#[derive(Debug, Default)]
pub struct Measured {
    /// A row for each that played.
    pub rows: Vec<Row>,
    /// Those that failed, with the error.
    pub failed: Vec<NotMeasured>,
}

/// Plays exchanges of one kind by all implementations, in rounds that take turns. One that cannot be started, or gets a
/// message wrong, is left out; one that fails later ends it for all.
pub fn play_in_turns(all: Vec<Alternative>, effort: Effort, is_over: &dyn Fn() -> bool) -> Measured {
    let mut measured = Measured::default();
    let mut who = Vec::new();
    let mut subjects = Vec::new();
    for Alternative { implementation, case, start } in all {
        if is_over() {
            return measured;
        }
        match start().and_then(|pair| works(pair, &case)) {
            Ok(()) => {
                subjects.push(Subject::new(case, start));
                who.push((implementation, case));
            }
            Err(error) => measured.failed.push(NotMeasured::by(&implementation, &case, error.to_string())),
        }
    }
    let Some((_, first)) = who.first() else { return measured };
    match interleave(&mut subjects, RoundsPlan::new(effort, first.kind), is_over) {
        Ok(()) => measured.rows = rows(&who, &subjects),
        Err(_) if is_over() => {}
        Err(error) => {
            let failed = subjects.iter().position(Subject::has_failed).unwrap_or(0);
            let (implementation, case) = &who[failed];
            measured.failed.push(NotMeasured::by(implementation, case, error.to_string()));
        }
    }
    measured
}

/// Plays a few messages, each checked.
fn works(mut pair: Pair, case: &Case) -> Result<()> {
    pair.play(case.verified())?;
    pair.finish()
}

/// Returns the row of each, with the time of the suite beside it where the suite played the same mechanism and variant, and
/// in batches if that row is about batches.
fn rows(who: &[(String, Case)], subjects: &[Subject]) -> Vec<Row> {
    let suite = Implementation::Suite.name();
    let row = |((implementation, case), subject): (&(String, Case), &Subject)| {
        let row = Row { implementation: implementation.clone(), ..row_of_rounds(case, subject) };
        let of_suite = |(other, theirs): &(String, Case)| {
            other == suite
                && (theirs.member.profile.name, theirs.variant, theirs.flush_every)
                    == (case.member.profile.name, case.variant, case.flush_every)
        };
        match who.iter().position(of_suite) {
            Some(at) if implementation != suite => {
                let Quartiles { p25, median, p75 } = subjects[at].ratio_to(subject);
                Row { suite_ratio: Some(median), suite_ratio_spread: Some([p25, p75]), ..row }
            }
            _ => row,
        }
    };
    who.iter().zip(subjects).map(row).collect()
}

#[cfg(test)]
mod tests {
    use ipc_core::{Error, Wait};

    use super::*;
    use crate::invented::case;
    use crate::results::case::Kind;

    fn played(times: [f64; 3]) -> Subject {
        let case = case("shm", "ring", Kind::RoundTrip, Wait::Spin);
        let mut subject = Subject::new(case, || Err(Error::Disconnected));
        (subject.count, subject.times) = (10, times.into());
        subject
    }

    /// Each is compared with the suite over the same mechanism in the same way, and with no other; ratios are of the same round.
    #[test]
    fn each_is_beside_the_suite_over_the_same_mechanism() {
        let of = |name: &str, mechanism, variant| {
            (name.to_owned(), case(mechanism, variant, Kind::RoundTrip, Wait::Spin))
        };
        let mut batched = of("x 1.2", "shm", "ring");
        batched.1.flush_every = 32;
        let who = [
            of("suite", "shm", "ring"),
            of("suite", "pipe", "anonymous"),
            of("x 1.2", "shm", "ring"),
            of("y 3.4", "fifo", "fifo"),
            batched,
        ];
        let subjects = [
            played([100.0, 200.0, 400.0]),
            played([1.0, 2.0, 3.0]),
            played([50.0, 50.0, 50.0]),
            played([7.0, 8.0, 9.0]),
            played([5.0, 5.0, 5.0]),
        ];
        let rows = rows(&who, &subjects);
        let ratios: Vec<_> = rows.iter().map(|row| row.suite_ratio).collect();
        assert_eq!(ratios, [None, None, Some(4.0), None, None]);
        assert_eq!(rows[2].suite_ratio_spread, Some([3.0, 6.0]));
        assert_eq!((rows[2].implementation.as_str(), rows[2].count), ("x 1.2", 30));
    }

    /// One that cannot start says so by its name, and the others are not asked to play without an opponent.
    #[test]
    fn one_that_cannot_start_is_left_out_by_name() {
        let case = case("shm", "ring", Kind::RoundTrip, Wait::Spin);
        let broken = Alternative {
            implementation: "broken 0.1".into(),
            case,
            start: Box::new(|| Err(Error::Corrupt("it broke"))),
        };
        let measured = play_in_turns(vec![broken], Effort::Count(1), &|| false);
        assert_eq!(measured.rows, []);
        assert_eq!(measured.failed.len(), 1);
        let failed = measured.failed[0].to_string();
        assert!(
            failed.starts_with("broken 0.1 (shm ring) round trip, 64 bytes, wait spin: corrupt data"),
            "{failed}"
        );
    }
}
