//! Giving the peer a head start, so that two sides that poll do not fight over the same cache line.

use std::hint;

/// The longest pause, in polls: about a microsecond, in which a sender is some fifty messages ahead.
const LONGEST_PAUSE: u32 = 64;

/// The calls in a row that did not have to wait, of a side that may poll.
///
/// A receiver that keeps up with its sender polls the very line that the sender writes, and takes it away each time; or
/// it falls asleep, and the sender has to wake it for each few messages. So when it has received several messages
/// without waiting, and then finds none, it pauses for as many polls: the sender, which is sending a stream, is ahead
/// again. For a single message, as in a round trip, there is no pause. The same holds for a sender that finds no room.
// ANCHOR: streak
#[derive(Debug, Default)]
pub struct Streak(u32);

impl Streak {
    /// Notes a try, and pauses after a failed one that ends a streak. Returns its result.
    #[inline]
    pub fn note<T>(&mut self, done: Option<T>) -> Option<T> {
        if done.is_some() {
            self.0 = self.0.saturating_add(1);
        } else {
            for _ in 0..self.0.min(LONGEST_PAUSE) {
                hint::spin_loop();
            }
            self.0 = 0;
        }
        done
    }
}
// ANCHOR_END: streak

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_ends_a_streak_and_only_the_first_one_pauses() {
        let mut streak = Streak::default();
        for length in 1..=100 {
            assert_eq!(streak.note(Some(length)), Some(length));
            assert_eq!(streak.0, length);
        }
        assert_eq!(streak.note(None::<u32>), None);
        assert_eq!(streak.0, 0, "no pause follows, until there are successes again");
    }
}
