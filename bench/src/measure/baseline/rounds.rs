//! A few implementations of the same exchange take turns (`measure/turns.rs`), for the ratio of their times. Only
//! times of the *same* round are compared, round after round.
//!
//! Now and then all pairs are replaced by fresh ones. When they poll shared memory, two pairs of identical code may
//! differ by a third for as long as they live; the pages they were given may be the cause, which is unproven. Only many
//! pairs separate the effect of the code from luck.
//!
//! The rows of a run take turns as well, but in [`run`](mod@crate::measure::run): there one pair plays many rows, lives
//! as long as the run, and whole histograms are kept.

use std::fmt;
use std::time::{Duration, Instant};

use ipc_core::{Error, Result};

use crate::measure::effort::{Effort, calibrate, first_task};
use crate::measure::pair::Pair;
use crate::measure::turns::take_turns;
use crate::results::case::{Case, Kind};
use crate::results::quartiles::Quartiles;
use crate::results::row::Rounds;

/// One of the participants that take turns.
pub struct Subject {
    start: Box<dyn Fn() -> Result<Pair>>,
    case: Case,
    /// The pair that plays now.
    pair: Option<Pair>,
    /// The messages in each round; 0 before the first.
    pub count: u64,
    /// The mean time of a message, or of a round trip, in each round, in nanoseconds.
    pub times: Vec<f64>,
    failed: bool,
}

/// The length and the number of the rounds.
#[derive(Clone, Copy, Debug)]
pub struct RoundsPlan {
    /// The effort of each round of each subject.
    round: Effort,
    /// The time of all rounds of one subject together.
    each: Duration,
    /// The number of times that all subjects begin with fresh pairs.
    pairs: u32,
}

/// The fewest rounds: the spread of fewer says nothing.
pub const FEWEST_ROUNDS: usize = 11;

impl RoundsPlan {
    /// Returns a plan that takes the time of one row, in rounds of some milliseconds, by several pairs; or one with a
    /// fixed number of messages in each of the fewest rounds, by one pair.
    #[must_use]
    pub fn new(effort: Effort, kind: Kind) -> Self {
        let each = match effort {
            Effort::Count(_) => return Self { round: effort, each: Duration::ZERO, pairs: 1 },
            Effort::About(each) => each,
        };
        let round = match kind {
            Kind::RoundTrip | Kind::OpenLoop | Kind::Stream => Duration::from_millis(10),
            // The messages that fit into the medium before the receiver has begun must be few compared with the rest.
            Kind::Throughput | Kind::Clients => Duration::from_millis(20),
        };
        Self { round: Effort::About(round), each, pairs: 15 }
    }
}

impl Subject {
    /// Returns a subject that plays `case` with the pairs that `start` makes.
    pub fn new(case: Case, start: impl Fn() -> Result<Pair> + 'static) -> Self {
        Self { start: Box::new(start), case, pair: None, count: 0, times: Vec::new(), failed: false }
    }

    /// Returns the quartiles of the rounds' times, in nanoseconds per message.
    #[must_use]
    pub fn quartiles(&self) -> Quartiles {
        Quartiles::of(self.times.iter().copied())
    }

    /// Returns the figures of all rounds.
    #[must_use]
    pub fn rounds(&self) -> Rounds {
        Rounds::of(self.count, &self.times)
    }

    /// Returns the quartiles of the ratios of our time to the other's, round by round.
    #[must_use]
    pub fn ratio_to(&self, other: &Self) -> Quartiles {
        Quartiles::of(self.times.iter().zip(&other.times).map(|(ours, theirs)| ours / theirs))
    }

    /// Returns true if it was this subject that failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    fn noting(&mut self, step: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let done = step(self);
        self.failed |= done.is_err();
        done
    }

    /// Starts a fresh pair. First checks a few messages, so that only a working subject takes part.
    fn start(&mut self, plan: RoundsPlan) -> Result<()> {
        let mut pair = (self.start)()?;
        pair.play(self.case.verified())?;
        if self.count == 0 {
            self.count = match plan.round {
                Effort::Count(count) => count,
                Effort::About(time) => calibrate(&mut pair, &self.case, time)?,
            };
        }
        self.pair = Some(pair);
        Ok(())
    }

    fn play(&mut self, is_over: &dyn Fn() -> bool) -> Result<()> {
        // One reading of the clock before and one after: the rounds in between read no clock.
        let task = first_task(&self.case, self.count);
        let pair = self.pair.as_mut().expect("rounds are played after the start");
        self.times.push(each(pair.play_unless(task, is_over)?.elapsed, self.count));
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.pair.take().map_or(Ok(()), Pair::finish)
    }
}

/// Returns the mean time of `count` messages, in nanoseconds; never zero, since it is used as a divisor.
fn each(elapsed: Duration, count: u64) -> f64 {
    elapsed.as_nanos().max(1) as f64 / count as f64
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("count", &self.count)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}

/// Lets the subjects take turns, until they are done or `is_over` returns true.
///
/// # Errors
/// The first that [fails](Subject::has_failed) ends it for all. [`Disconnected`](Error::Disconnected): it was over after
/// fewer than [`FEWEST_ROUNDS`].
pub fn interleave(subjects: &mut [Subject], plan: RoundsPlan, is_over: &dyn Fn() -> bool) -> Result<()> {
    let fewest = FEWEST_ROUNDS.div_ceil(plan.pairs as usize);
    let time = plan.each * subjects.len() as u32 / plan.pairs;
    for _ in 0..plan.pairs {
        for subject in subjects.iter_mut() {
            if is_over() {
                break;
            }
            subject.noting(|subject| subject.start(plan))?;
        }
        let started = Instant::now();
        let again = |round| !is_over() && (round < fewest || started.elapsed() < time);
        take_turns(subjects, again, |subject, _| subject.noting(|subject| subject.play(is_over)))?;
        subjects.iter_mut().try_for_each(|subject| subject.noting(Subject::finish))?;
        if is_over() {
            break;
        }
    }
    let enough = subjects.iter().all(|subject| subject.times.len() >= FEWEST_ROUNDS);
    if is_over() && !enough { Err(Error::Disconnected) } else { Ok(()) }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the test is about exact values")]
mod tests;
