//! The two processes that play all rows of one mechanism, variant and wait strategy; or a server and its clients.

use std::time::Duration;

use ipc_core::{Result, Wait};

use super::stop::Stop;
use crate::measure::clients::many_clients::{ManyClients, TurnResult};
use crate::measure::pair::Pair;
use crate::measure::sides;
use crate::measure::task::{Task, TaskResult};
use crate::results::case::{Case, ClientsRun, Kind};

/// The key of the cases that two processes can play without a restart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct WorkersKey {
    mechanism: &'static str,
    variant: &'static str,
    wait: Wait,
    /// Many clients: their number, how they are run, and the length of their requests.
    many_clients: Option<(usize, ClientsRun, usize)>,
}

impl WorkersKey {
    pub(super) fn of(case: &Case) -> Self {
        let many_clients =
            (case.kind == Kind::Clients).then_some((case.clients, case.clients_run, case.size));
        Self { mechanism: case.member.profile.name, variant: case.variant, wait: case.wait, many_clients }
    }
}

/// A pair of processes, or a server and its clients, started when it is first needed, and again if it has ended.
pub(super) struct Workers {
    key: WorkersKey,
    pair: Option<Pair>,
    many_clients: Option<ManyClients>,
}

impl Workers {
    pub(super) fn new(key: WorkersKey) -> Self {
        Self { key, pair: None, many_clients: None }
    }

    /// Returns workers whose processes are already running.
    #[cfg(test)]
    pub(super) fn with(case: &Case, pair: Pair) -> Self {
        Self { pair: Some(pair), ..Self::new(WorkersKey::of(case)) }
    }

    pub(super) fn key(&self) -> &WorkersKey {
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
    pub(super) fn play(&mut self, case: &Case, task: Task, stop: &Stop) -> Result<TaskResult> {
        let played = self.pair(case)?.play_unless(task, || stop.is_set());
        if played.is_err() {
            self.pair = None;
        }
        played
    }

    /// Lets the clients play for `time`, or only starts them if it is zero.
    ///
    /// # Errors
    /// As [`ManyClients`]. It has then ended; the next turn starts another one.
    pub(super) fn serve(
        &mut self,
        case: &Case,
        time: Duration,
        verify: bool,
        stop: &Stop,
    ) -> Result<TurnResult> {
        let is_over = || stop.is_set();
        let many_clients = match &mut self.many_clients {
            Some(many_clients) => many_clients,
            none => none.insert(ManyClients::start(case, &is_over)?),
        };
        let served = many_clients.play(time, verify, &is_over);
        if served.is_err()
            && let Some(many_clients) = self.many_clients.take()
        {
            many_clients.abandon();
        }
        served
    }

    /// Ends the pair, or the server and its clients, at once, without a shutdown of its own.
    pub(super) fn abandon(&mut self) {
        if let Some(many_clients) = self.many_clients.take() {
            many_clients.abandon();
        }
        if let Some(pair) = self.pair.take() {
            pair.kill_peer();
        }
    }

    fn pair(&mut self, case: &Case) -> Result<&mut Pair> {
        match &mut self.pair {
            Some(pair) => Ok(pair),
            none => Ok(none.insert(sides::start(*case)?)),
        }
    }
}
