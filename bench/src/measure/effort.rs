//! The time for which a case is measured, or the reason why it is not.

use std::time::Duration;

use ipc_core::Error;

use crate::measure::clients::refusal;
use crate::measure::pair::Pair;
use crate::measure::task::Task;
use crate::results::case::{Case, Kind};

/// The amount of measuring for one case.
#[derive(Clone, Copy, Debug)]
pub enum Effort {
    /// Exactly this number of messages.
    Count(u64),
    /// As many messages as take about this long.
    About(Duration),
}

/// The reason why a row is missing.
#[derive(Debug)]
pub enum Refusal {
    /// The mechanism cannot do this: a message is longer than a queue takes.
    Skipped(String),
    /// The mechanism should have worked.
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The fewest messages that are timed when the harness chooses the count: a percentile of ten says nothing.
const FEWEST: u64 = 100;

/// Returns the reason why this case cannot be played over a link that carries at most `max` bytes, if it cannot, and the
/// limits of the system that may be the cause.
#[must_use]
pub fn too_large(case: &Case, max: usize) -> Option<String> {
    let advice = case.variant().how_to_raise_limits(case.size);
    (case.size > max).then(|| Error::TooLarge { len: case.size, max }.to_string() + &advice)
}

/// Returns the reason why a case cannot be measured on any machine; `None` if a run has to find out.
#[must_use]
pub fn impossible(case: &Case) -> Option<String> {
    match case.kind {
        Kind::Clients => refusal::refusal(case),
        _ => without_room(case),
    }
}

/// Returns the reason why a stream with fixed times cannot be played: its messages carry these times.
fn without_room(case: &Case) -> Option<String> {
    const TIME: usize = size_of::<u64>();
    let no_room = case.kind == Kind::Stream && case.size < TIME;
    no_room.then(|| {
        format!("each message carries the time at which it was meant to be sent: {TIME} bytes at least")
    })
}

/// Returns how many messages take about `time`.
pub(crate) fn calibrate(pair: &mut Pair, case: &Case, time: Duration) -> Result<u64, Error> {
    const LONG_ENOUGH: Duration = Duration::from_millis(20);
    let play = |count| Ok(pair.play(first_task(case, count))?.elapsed);
    let (count, elapsed) = first_look(LONG_ENOUGH.min(time), || false, play)?;
    Ok(fitting(count, elapsed, time))
}

/// Plays more and more messages until they take `enough` time to tell, or `is_over` returns true. Returns how many took
/// how long.
pub(crate) fn first_look(
    enough: Duration,
    is_over: impl Fn() -> bool,
    mut play: impl FnMut(u64) -> Result<Duration, Error>,
) -> Result<(u64, Duration), Error> {
    let mut count = 16;
    loop {
        let elapsed = play(count)?;
        if elapsed >= enough || is_over() {
            return Ok((count, elapsed));
        }
        count *= 4;
    }
}

/// Returns the task of a first look, which is timed by one reading of the clock before it and one after it.
pub(crate) fn first_task(case: &Case, count: u64) -> Task {
    Task { order: case.timed(count), batch: count, rate: None, flush_every: case.flush_every }
}

/// Returns how many messages take about `time` if `count` of them took `elapsed`: a round number, and not too few.
pub(crate) fn fitting(count: u64, elapsed: Duration, time: Duration) -> u64 {
    round_down((count as f64 * time.as_secs_f64() / elapsed.as_secs_f64()) as u64).max(FEWEST)
}

/// Keeps the two leading digits, since people read the count.
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

    /// Where a limit of the system may be the cause, the reason names it.
    #[test]
    fn a_limit_of_the_system_is_named() {
        let ending_at = |mechanism, variant, size| {
            let case = Case { size, ..case(mechanism, variant, Kind::RoundTrip, Wait::Block) };
            let reason = too_large(&case, 63).unwrap();
            reason.split_once("at most 63 bytes").unwrap().1.to_owned()
        };
        let ending = |mechanism, variant| ending_at(mechanism, variant, 64);
        assert_eq!(ending("msgq", "sysv"), "; to raise that: sudo sysctl kernel.msgmax=N kernel.msgmnb=N");
        assert_eq!(ending("msgq", "posix"), "; to raise that: sudo sysctl fs.mqueue.msgsize_max=N");
        assert_eq!(ending("socket", "unix-seqpacket"), "; to raise that: sudo sysctl net.core.wmem_max=N");
        assert_eq!(
            ending_at("socket", "unix-seqpacket", 2 << 20),
            "",
            "the link takes no more, whatever is allowed"
        );
        assert_eq!(ending("shm", "ring"), "", "its own memory decides");
    }

    #[test]
    fn only_a_stream_needs_room_for_a_time() {
        let of = |kind, size| Case { size, ..case("pipe", "anonymous", kind, Wait::Block) };
        assert!(
            without_room(&of(Kind::Stream, 7)).is_some_and(|reason| reason.ends_with("8 bytes at least"))
        );
        assert_eq!(
            [of(Kind::Stream, 8), of(Kind::OpenLoop, 1)].map(|case| without_room(&case)),
            [None, None]
        );
    }

    #[test]
    fn a_count_keeps_its_two_leading_digits() {
        assert_eq!([0, 7, 99, 100, 123, 98_765].map(round_down), [0, 7, 99, 100, 120, 98_000]);
    }
}
