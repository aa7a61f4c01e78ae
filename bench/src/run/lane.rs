//! The two processes that play all rows of one mechanism, built one way, waiting one way.

use ipc_core::{Result, Wait};

use super::Stop;
use crate::{Case, Pair, Played, Task};

/// What two processes can play without being started again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LaneKey {
    mechanism: &'static str,
    variant: &'static str,
    wait: Wait,
}

impl LaneKey {
    pub(super) fn of(case: &Case) -> Self {
        Self { mechanism: case.member.profile.name, variant: case.variant, wait: case.wait }
    }
}

/// A pair of processes, started when it is first needed, and again if it has ended.
pub(super) struct Lane {
    key: LaneKey,
    pair: Option<Pair>,
}

impl Lane {
    pub(super) fn new(key: LaneKey) -> Self {
        Self { key, pair: None }
    }

    pub(super) fn key(&self) -> &LaneKey {
        &self.key
    }

    /// The longest message, in bytes.
    ///
    /// # Errors
    /// The pair cannot be started.
    pub(super) fn max_message(&mut self, case: &Case) -> Result<usize> {
        self.pair(case).map(|pair| pair.max_message())
    }

    /// Plays a task.
    ///
    /// # Errors
    /// As the transport. The pair has ended then; the next task starts another one.
    pub(super) fn play(&mut self, case: &Case, task: Task, stop: &Stop) -> Result<Played> {
        let played = self.pair(case)?.play_unless(task, || stop.is_set());
        if played.is_err() {
            self.pair = None;
        }
        played
    }

    /// Ends the pair without waiting for the peer's consent.
    pub(super) fn abandon(&mut self) {
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
