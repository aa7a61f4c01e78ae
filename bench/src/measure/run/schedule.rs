//! The number of rounds, and the length of each.

use std::time::Duration;

use super::plan::RunPlan;
use crate::measure::effort::Effort;
use crate::results::case::Kind;

/// The fewest rounds: fewer do not give the median an interval.
pub(super) const FEWEST: u32 = 6;

/// The shortest turn: giving the order takes a negligible share of it.
const SHORTEST: Duration = Duration::from_millis(4);

/// The schedule of a run: the same for all rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Schedule {
    rounds: u32,
    length: Length,
}

/// The amount of a row that is timed in all rounds together.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Length {
    Time(Duration),
    Messages(u64),
}

/// The amount that is played in one turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Time(Duration),
    Messages(u64),
}

impl Schedule {
    pub(super) fn of(plan: &RunPlan) -> Self {
        let rounds = plan.profile.rounds();
        let each = match plan.effort {
            Some(Effort::Count(count)) => {
                let rounds = u64::from(rounds).min(count) as u32;
                return Self { rounds, length: Length::Messages(count) };
            }
            Some(Effort::About(each)) => each,
            None => {
                let share = plan.profile.budget().map(|budget| budget / (plan.cases.len() as u32).max(1));
                share.map_or(plan.profile.each(), |share| share.min(plan.profile.each()))
            }
        };
        let fitting = (each.as_secs_f64() / SHORTEST.as_secs_f64()) as u32;
        Self { rounds: rounds.min(fitting.max(FEWEST)), length: Length::Time(each) }
    }

    pub(super) fn rounds(&self) -> u32 {
        self.rounds
    }

    /// Returns the time for which each row is timed; `None` if that is not known.
    pub(super) fn each(&self) -> Option<Duration> {
        match self.length {
            Length::Time(each) => Some(each),
            Length::Messages(_) => None,
        }
    }

    /// Returns the number of rounds in which a row of that kind has a turn. With fixed times a turn has to be long: a
    /// stall at its end does not delay the messages that would have come later. So does a turn of many clients, each of
    /// which is to be served several times.
    pub(super) fn rounds_of(&self, kind: Kind) -> u32 {
        if kind.is_paced() || kind == Kind::Clients { self.rounds.min(FEWEST) } else { self.rounds }
    }

    /// Returns the amount to play in a round, from 1 on; nothing in some rounds if there are fewer messages than
    /// rounds.
    pub(super) fn turn(&self, kind: Kind, round: u32) -> Option<Turn> {
        let rounds = self.rounds_of(kind);
        if round > rounds {
            return None;
        }
        Some(match self.length {
            Length::Time(each) => Turn::Time(each / rounds),
            // The first rounds get one more until the remainder is used up: all together exactly the requested number.
            Length::Messages(count) => {
                let (even, more) = (count / u64::from(rounds), count % u64::from(rounds));
                Turn::Messages(even + u64::from(u64::from(round) <= more))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use ipc_core::Wait;

    use super::*;
    use crate::invented::case;
    use crate::measure::profile::{Curves, RunProfile};

    fn plan(effort: Option<Effort>) -> RunPlan {
        let profile = RunProfile::Standard;
        RunPlan {
            profile,
            cases: Vec::new(),
            curves: Curves::AsNamed,
            effort,
            baseline: false,
            verify: false,
            is_quiet: true,
        }
    }

    #[test]
    fn all_rounds_together_play_exactly_as_many_messages_as_were_asked_for() {
        for count in [1, 2, 7, 50, 1000] {
            let schedule = Schedule::of(&plan(Some(Effort::Count(count))));
            for kind in Kind::ALL {
                let all: u64 = (1..=schedule.rounds())
                    .filter_map(|round| schedule.turn(kind, round))
                    .map(|turn| if let Turn::Messages(count) = turn { count } else { 0 })
                    .sum();
                assert_eq!(all, count, "{}", kind.name());
            }
        }
    }

    /// Each row has its share of the time that the profile promises, and no more than the profile gives to one.
    #[test]
    fn many_rows_share_the_time_of_the_profile() {
        let each = |rows| {
            let cases = vec![case("pipe", "anonymous", Kind::RoundTrip, Wait::Block); rows];
            let profile = RunProfile::Quick;
            Schedule::of(&RunPlan {
                profile,
                cases,
                curves: Curves::AsNamed,
                effort: None,
                baseline: false,
                verify: false,
                is_quiet: true,
            })
            .each()
        };
        assert_eq!([0, 1, 33, 100].map(each), [300, 300, 300, 100].map(|ms| Some(Duration::from_millis(ms))));
    }

    #[test]
    fn a_turn_is_its_part_of_the_time() {
        let schedule = Schedule::of(&plan(Some(Effort::About(Duration::from_millis(1500)))));
        let turns =
            [(Kind::Throughput, 15), (Kind::Throughput, 16), (Kind::OpenLoop, 6), (Kind::OpenLoop, 7)];
        let turns = turns.map(|(kind, round)| schedule.turn(kind, round));
        let time = |ms| Some(Turn::Time(Duration::from_millis(ms)));
        assert_eq!(turns, [time(100), None, time(250), None]);
    }

    #[test]
    fn a_short_time_is_cut_into_fewer_rounds_but_never_too_few() {
        let rounds = |ms| Schedule::of(&plan(Some(Effort::About(Duration::from_millis(ms))))).rounds();
        assert_eq!([1, 20, 40, 1000].map(rounds), [6, 6, 10, 15]);
    }
}
