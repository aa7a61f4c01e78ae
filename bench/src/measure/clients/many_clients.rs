//! The server and its clients, as the harness sees them.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use ipc_core::{Error, Result};
use ipc_demo::cpus::Cpus;
use ipc_demo::exchange::Usage;
use serde::de::DeserializeOwned;

use super::child::{self, Child, READY_TIMEOUT};
use super::part::Part;
use super::roles;
use super::wire::{self, TurnOrder, TurnReport};
use crate::measure::sides;
use crate::measure::task::TaskResult;
use crate::results::case::Case;

/// The most processes that the clients are spread over.
pub const MOST_PROCESSES: usize = 4;

/// The time that a live server may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// A server and its clients, ready to play. Dropping it ends them.
#[derive(Debug)]
pub struct ManyClients {
    case: Case,
    server: Child,
    clients: Vec<Child>,
}

/// The result of a turn.
#[derive(Debug)]
pub struct TurnResult {
    /// The number of answers to each client within the window.
    pub counts: Vec<u64>,
    /// All answers, including those outside the window.
    pub all: u64,
    /// The window, the times of the answers in it as the clients saw them, and the cost of the turn for the clients
    /// (`ping`) and the server (`pong`).
    pub played: TaskResult,
}

impl TurnResult {
    /// Adds up the reports of the client processes on a window of `length`, and takes the server's cost from its two
    /// readings.
    fn of(length: Duration, reports: Vec<TurnReport>, [before, after]: [Usage; 2]) -> Result<Self> {
        let mut served = Self { counts: Vec::new(), all: 0, played: TaskResult::in_time(length) };
        for report in reports {
            served.counts.extend(report.counts);
            served.all += report.all;
            served.played.ping = served.played.ping.plus(&report.spent);
            let times: Option<Histogram<u64>> = report.times.and_then(|times| times.times());
            if let Some(times) = times {
                served.played.times.add(times).map_err(|_| Error::Corrupt("another histogram"))?;
            }
        }
        served.played.pong = after.since(&before);
        Ok(served)
    }
}

impl ManyClients {
    /// Starts the server, and then the clients. When it returns, every client has received an answer and checked it.
    ///
    /// # Errors
    /// A process or the medium cannot be created; `is_over` returned true.
    pub fn start(case: &Case, is_over: &dyn Fn() -> bool) -> Result<Self> {
        let Case { member, variant, size, placement, clients, clients_run, .. } = *case;
        let mut part = Part {
            mechanism: member.profile.name.into(),
            variant: variant.into(),
            size,
            cpus: Cpus::Pair(placement.ping, placement.pong),
            clients_run,
            clients: 0..clients,
            address: String::new(),
        };
        let deadline = Instant::now() + READY_TIMEOUT;
        let mut server = Child::start("the server", roles::SERVER, &part)?;
        part.address = server.hear(deadline, is_over)?;
        let mut many = Self { case: *case, server, clients: Vec::new() };
        let processes = processes(clients);
        for nth in 0..processes {
            let (first, behind) = (nth * clients / processes, (nth + 1) * clients / processes);
            part.clients = first..behind;
            many.clients.push(Child::start("a client process", roles::CLIENTS, &part)?);
        }
        many.hear_all::<()>(deadline, is_over)?;
        Ok(many)
    }

    /// Plays a turn with a window of `length`.
    ///
    /// # Errors
    /// One of the processes has ended, had an error, or does not report; `is_over` returned true, and half a second was
    /// not enough to finish. They can then no longer be used.
    pub fn play(&mut self, length: Duration, verify: bool, is_over: &dyn Fn() -> bool) -> Result<TurnResult> {
        let deadline = Instant::now() + length + READY_TIMEOUT;
        let before = self.spent_by_server(deadline, is_over)?;
        let order = TurnOrder::new(wire::now()?, length, verify);
        for at in 0..self.clients.len() {
            let told = self.clients[at].tell(&order);
            told.map_err(|error| self.blame(error))?;
        }
        let reports = self.hear_all(deadline, is_over)?;
        let served = TurnResult::of(length, reports, [before, self.spent_by_server(deadline, is_over)?])?;
        if served.counts.len() == self.case.clients {
            Ok(served)
        } else {
            Err(Error::Corrupt("not a report of every client"))
        }
    }

    /// Ends all processes at once.
    pub fn abandon(mut self) {
        self.clients.iter_mut().for_each(Child::kill);
        self.server.kill();
    }

    /// Returns the next answer of each client process.
    fn hear_all<T: DeserializeOwned>(
        &mut self,
        deadline: Instant,
        is_over: &dyn Fn() -> bool,
    ) -> Result<Vec<T>> {
        let answers =
            self.clients.iter_mut().map(|child| child.hear(deadline, is_over)).collect::<Result<_>>();
        answers.map_err(|error| self.blame(error))
    }

    fn spent_by_server(&mut self, deadline: Instant, is_over: &dyn Fn() -> bool) -> Result<Usage> {
        self.server.tell(&())?;
        self.server.hear(deadline, is_over)
    }

    /// If the server has ended, that is why the clients have ended. It may be about to: its connections are closed
    /// before it can be waited for, but then it no longer answers.
    fn blame(&mut self, error: Error) -> Error {
        let _ = self.spent_by_server(Instant::now() + ANSWER_TIMEOUT, &|| false);
        self.server.how_it_ended().map_or(error, |what| child::has_ended("the server", what))
    }
}

impl Drop for ManyClients {
    fn drop(&mut self) {
        // The clients first: a server whose clients have left has nothing to wait for.
        self.clients.iter_mut().for_each(Child::dismiss);
        self.clients.clear();
        self.server.dismiss();
        self.server.wait();
        // A server that was killed has left its objects behind. An error is dropped: the next sweep tries again.
        let _ = sides::sweep(self.case.member);
    }
}

/// Returns the number of processes over which the clients are spread.
#[must_use]
pub fn processes(clients: usize) -> usize {
    clients.clamp(1, MOST_PROCESSES)
}

#[cfg(test)]
mod tests {
    use ipc_demo::exchange;

    use super::*;
    use crate::results::latency::Latency;

    #[test]
    fn few_clients_have_a_process_each() {
        assert_eq!([1, 3, 4, 10, 1000].map(processes), [1, 3, 4, 4, 4]);
    }

    #[test]
    fn reports_are_added_up() {
        let usage =
            |by: u64| Usage { cpu: Duration::from_nanos(by), minor_faults: 2 * by, ..Usage::default() };
        let report = |counts: &[u64], time: u64, spent| {
            let mut times = exchange::histogram();
            times.record_n(time, counts.iter().sum()).unwrap();
            TurnReport {
                counts: counts.into(),
                all: 10,
                times: Latency::of(&times, None),
                spent: usage(spent),
            }
        };
        let reports = vec![report(&[1, 2], 100, 5), report(&[0], 7, 7), report(&[4], 300, 11)];
        let second = Duration::from_secs(1);
        let TurnResult { counts, all, played } =
            TurnResult::of(second, reports, [usage(100), usage(140)]).unwrap();
        assert_eq!((counts, all, played.elapsed), (vec![1, 2, 0, 4], 30, second));
        assert_eq!((played.ping, played.pong), (usage(23), usage(40)));
        let seen = [(100, 3), (7, 0), (300, 4)].map(|(time, count)| played.times.count_at(time) == count);
        assert_eq!((seen, played.times.len()), ([true; 3], 7));
    }
}
