//! From a case to a row of figures.

use std::time::Duration;

use ipc_core::Error;

use crate::{Case, Kind, Pair, Row, Task, clock};

/// How long a case is measured.
#[derive(Clone, Copy, Debug)]
pub enum Effort {
    /// That many messages.
    Count(u64),
    /// As many messages as take about that long.
    About(Duration),
}

/// Why there is no row.
#[derive(Debug)]
pub enum Refusal {
    /// The mechanism cannot do this: a message is longer than a queue takes.
    Skipped(String),
    /// It should have worked.
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Fewest messages that are timed when the count is up to the harness: a percentile of ten says nothing.
const FEWEST: u64 = 100;

/// Starts two fresh processes that can play `case`.
///
/// # Errors
/// [`Skipped`](Refusal::Skipped) when the message is longer than the link carries, else whatever went wrong.
pub fn start(case: &Case) -> Result<Pair, Refusal> {
    let mut pair = Pair::start(*case)?;
    if let Some(reason) = too_large(case, pair.max_message()) {
        return Err(Refusal::Skipped(reason));
    }
    pair.play(case.verified())?;
    Ok(pair)
}

/// Measures one case between the two processes of `pair`.
///
/// # Errors
/// Whatever went wrong.
pub fn measure(pair: &mut Pair, case: &Case, effort: Effort) -> Result<Row, Error> {
    let count = match effort {
        Effort::Count(count) => count,
        Effort::About(time) => calibrate(pair, case, time)?,
    };
    let order = case.timed(count);
    let batch = if case.kind == Kind::RoundTrip { batch(pair, case)? } else { 1 };
    let played = pair.play(Task { order, batch, rate: case.rate })?;
    Ok(Row {
        batch: played.times.len().ne(&0).then_some(batch),
        ..Row::new(case, count, played.elapsed, &played.times)
    })
}

/// How many round trips are timed together, by the time that a few of them take: the best of some tries, since what
/// disturbs one makes it longer.
fn batch(pair: &mut Pair, case: &Case) -> Result<u64, Error> {
    const FEW: u64 = 16;
    const TRIES: usize = 5;
    let task = Task { order: case.timed(FEW), batch: FEW, rate: None };
    let tries = (0..TRIES).map(|_| Ok(pair.play(task)?.elapsed)).collect::<Result<Vec<_>, Error>>()?;
    Ok(clock::batch(tries.into_iter().min().unwrap_or_default() / FEW as u32))
}

/// Why this case cannot be played over a link that carries at most `max` bytes, if it cannot.
#[must_use]
pub fn too_large(case: &Case, max: usize) -> Option<String> {
    (case.size > max).then(|| Error::TooLarge { len: case.size, max }.to_string())
}

/// How many messages take about `time`: plays more and more until it takes long enough to tell.
pub(crate) fn calibrate(pair: &mut Pair, case: &Case, time: Duration) -> Result<u64, Error> {
    const LONG_ENOUGH: Duration = Duration::from_millis(20);
    let mut count = 16;
    loop {
        let elapsed = pair.play(Task { order: case.timed(count), batch: count, rate: None })?.elapsed;
        if elapsed >= LONG_ENOUGH.min(time) {
            return Ok(fitting(count, elapsed, time));
        }
        count *= 4;
    }
}

/// How many messages take about `time` if `count` of them took `elapsed`; a number for people, and not too few.
fn fitting(count: u64, elapsed: Duration, time: Duration) -> u64 {
    round_down((count as f64 * time.as_secs_f64() / elapsed.as_secs_f64()) as u64).max(FEWEST)
}

/// Keeps the two leading digits, since a count is read by people.
fn round_down(count: u64) -> u64 {
    let mut unit = 1;
    while count / unit >= 100 {
        unit *= 10;
    }
    count / unit * unit
}

#[cfg(test)]
mod tests {
    use ipc_core::Wait;

    use super::*;
    use crate::invented::case;

    #[test]
    fn so_many_messages_fit_into_a_time() {
        let fits = |count, elapsed, time| {
            fitting(count, Duration::from_millis(elapsed), Duration::from_millis(time))
        };
        assert_eq!(fits(4096, 20, 1000), 200_000, "204,800, for people");
        assert_eq!(fits(4096, 1000, 20), FEWEST);
    }

    #[test]
    fn a_message_may_be_as_long_as_the_link_carries() {
        let case = case("pipe", "anonymous", Kind::RoundTrip, Wait::Block);
        assert_eq!((too_large(&case, 65), too_large(&case, 64)), (None, None));
        let reason = "message of 64 bytes is too large: this link carries at most 63 bytes";
        assert_eq!(too_large(&case, 63).as_deref(), Some(reason));
    }

    #[test]
    fn a_count_keeps_its_two_leading_digits() {
        assert_eq!([0, 7, 99, 100, 123, 98_765].map(round_down), [0, 7, 99, 100, 120, 98_000]);
    }
}
