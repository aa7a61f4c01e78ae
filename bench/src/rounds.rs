//! Interleaved rounds: A B C A B C …, so that whatever the machine does meanwhile hits all alike.
//!
//! All pairs are alive at once, and each sleeps while it is not its turn. A round takes some milliseconds: long enough
//! to be timed by its two ends alone, short enough that the machine is the same for all. What is compared are the
//! times of *one* round, again and again.

use std::time::{Duration, Instant};

use ipc_core::Result;

use crate::measure::calibrate;
use crate::{Case, Effort, Pair, Quartiles, Task};

/// One of those that take turns.
#[derive(Debug)]
pub struct Contestant {
    pair: Pair,
    case: Case,
    /// Messages in each round.
    pub count: u64,
    /// The time of a message, or of a round trip, in nanoseconds: the mean of each round.
    pub times: Vec<f64>,
}

/// How long the rounds take, and how many there are.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Each round of each contestant.
    round: Effort,
    /// All rounds of one contestant together.
    each: Duration,
}

/// Fewest rounds: a spread of less says nothing.
pub const FEWEST_ROUNDS: usize = 11;

impl From<Effort> for Plan {
    /// As long as one row is measured, in rounds of about ten milliseconds; or as many messages in each of the fewest
    /// rounds.
    fn from(effort: Effort) -> Self {
        match effort {
            Effort::Count(_) => Self { round: effort, each: Duration::ZERO },
            Effort::About(each) => Self { round: Effort::About(Duration::from_millis(10)), each },
        }
    }
}

impl Contestant {
    /// A pair that plays `case`. First a few messages are checked: who takes part works.
    ///
    /// # Errors
    /// As the transport.
    pub fn new(mut pair: Pair, case: Case, plan: Plan) -> Result<Self> {
        pair.play(case.verified())?;
        let count = match plan.round {
            Effort::Count(count) => count,
            Effort::About(time) => calibrate(&mut pair, &case, time)?,
        };
        Ok(Self { pair, case, count, times: Vec::new() })
    }

    /// The middle of the rounds' times, in nanoseconds a message.
    #[must_use]
    pub fn quartiles(&self) -> Quartiles {
        Quartiles::of(self.times.iter().copied())
    }

    /// The middle of the ratios of our time to the other's, round by round.
    #[must_use]
    pub fn ratio_to(&self, other: &Self) -> Quartiles {
        Quartiles::of(self.times.iter().zip(&other.times).map(|(ours, theirs)| ours / theirs))
    }

    /// Ends both processes.
    ///
    /// # Errors
    /// The child failed.
    pub fn finish(self) -> Result<()> {
        self.pair.finish()
    }

    fn play(&mut self) -> Result<()> {
        // One look at the clock before and one after: the rounds in between have nothing to do with clocks.
        let task = Task { order: self.case.timed(self.count), batch: self.count, rate: None };
        let elapsed = self.pair.play(task)?.elapsed.as_nanos().max(1);
        self.times.push(elapsed as f64 / self.count as f64);
        Ok(())
    }
}

/// Lets them take turns.
///
/// # Errors
/// The first that fails ends it for all.
pub fn interleave(contestants: &mut [Contestant], plan: Plan) -> Result<()> {
    let time = plan.each * contestants.len() as u32;
    let started = Instant::now();
    let mut rounds = 0;
    while rounds < FEWEST_ROUNDS || started.elapsed() < time {
        for contestant in &mut *contestants {
            contestant.play()?;
        }
        rounds += 1;
    }
    Ok(())
}
