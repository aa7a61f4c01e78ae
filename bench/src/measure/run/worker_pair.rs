//! The two processes that play all rows of one mechanism, variant and wait strategy; or a server and its clients.

use std::time::Duration;

use ipc_core::{Result, Wait};

use super::stop::Stop;
use crate::measure::clients::{Crowd, Served};
use crate::measure::pair::Pair;
use crate::measure::task::{Played, Task};
use crate::results::case::{Case, Kind};

/// The key of the cases that two processes can play without a restart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LaneKey {
    mechanism: &'static str,
    variant: &'static str,
    wait: Wait,
    /// Many clients: their number, and the length of their requests.
    crowd: Option<(usize, usize)>,
}

impl LaneKey {
    pub(super) fn of(case: &Case) -> Self {
        let crowd = (case.kind == Kind::Clients).then_some((case.clients, case.size));
        Self { mechanism: case.member.profile.name, variant: case.variant, wait: case.wait, crowd }
    }
}

/// A pair of processes, or a server and its clients, started when it is first needed, and again if it has ended.
pub(super) struct Lane {
    key: LaneKey,
    pair: Option<Pair>,
    crowd: Option<Crowd>,
}

impl Lane {
    pub(super) fn new(key: LaneKey) -> Self {
        Self { key, pair: None, crowd: None }
    }

    /// Returns a lane with processes that are already running.
    #[cfg(test)]
    pub(super) fn with(case: &Case, pair: Pair) -> Self {
        Self { pair: Some(pair), ..Self::new(LaneKey::of(case)) }
    }

    pub(super) fn key(&self) -> &LaneKey {
        &self.key
    }

    /// Returns the longest message, in bytes.
    ///
    /// # Errors
    /// The pair cannot be started.
    pub(super) fn max_message(&mut self, case: &Case) -> Result<usize> {
        self.pair(case).map(|pair| pair.max_message())
    }

    /// Plays a task.
    ///
    /// # Errors
    /// As the transport. The pair has then ended; the next task starts another one.
    pub(super) fn play(&mut self, case: &Case, task: Task, stop: &Stop) -> Result<Played> {
        let played = self.pair(case)?.play_unless(task, || stop.is_set());
        if played.is_err() {
            self.pair = None;
        }
        played
    }

    /// Lets the clients play for `time`, or only starts them if it is zero.
    ///
    /// # Errors
    /// As [`Crowd`]. It has then ended; the next turn starts another one.
    pub(super) fn serve(&mut self, case: &Case, time: Duration, verify: bool, stop: &Stop) -> Result<Served> {
        let is_over = || stop.is_set();
        let crowd = match &mut self.crowd {
            Some(crowd) => crowd,
            none => none.insert(Crowd::start(case, &is_over)?),
        };
        let served = crowd.play(time, verify, &is_over);
        if served.is_err()
            && let Some(crowd) = self.crowd.take()
        {
            crowd.abandon();
        }
        served
    }

    /// Ends the pair, or the crowd, at once, without a shutdown of its own.
    pub(super) fn abandon(&mut self) {
        if let Some(crowd) = self.crowd.take() {
            crowd.abandon();
        }
        if let Some(pair) = self.pair.take() {
            pair.kill_peer();
        }
    }

    fn pair(&mut self, case: &Case) -> Result<&mut Pair> {
        match &mut self.pair {
            Some(pair) => Ok(pair),
            none => Ok(none.insert(Pair::start(*case)?)),
        }
    }
}
