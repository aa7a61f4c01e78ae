//! Many clients of one server: how many requests are answered per second, and how fairly the clients are served.
//!
//! ```text
//!   this process ──── orders, a line each ────► server: one process
//!        │                                        ▲ │
//!        │                                requests│ │answers
//!        │                                        │ ▼
//!        └─────────── orders, a line each ────► clients: N of them in at most 4 processes
//! ```
//!
//! Each client has one request under way, and sends the next when the answer has arrived. The server sends each request
//! back as the answer. All processes sleep while there is nothing to do (`--wait block`).
//!
//! | mechanism | the server | a client |
//! |---|---|---|
//! | message queue, System V | [`Server`](ipc_msgq::server::Server) of `ipc-msgq`: a thread for each client | a thread |
//! | socket, all three | one thread, `epoll` over the connections | a connection; `epoll` over those of its process |
//! | FIFO | one thread; one well-known FIFO for requests, one of its own for the answers to each client | as for sockets |
//!
//! The crates' links for sockets and FIFOs connect two processes, so those servers are written here, by bare calls.
//!
//! **The answers that count.** A turn has a lead-in, in which the clients get going, and then a window. An answer
//! counts if it arrives within the window, whenever its request was sent. So the figures include neither the first
//! burst nor the end, when one client after the other has nothing more to do.
//!
//! | file | contents |
//! |---|---|
//! | `mod.rs` | [`Crowd`]: the processes, and their orders |
//! | `child.rs` | one of the processes, as seen from here |
//! | `refusal.rs` | the cases that cannot be played, and why |
//! | `wire.rs` | orders and reports |
//! | `roles.rs` | the child processes and their parts |
//! | `callers.rs` | clients that share a thread |
//! | `sockets.rs`, `fifo.rs`, `queue.rs` | both sides of each mechanism |

mod child;
mod fifo;
mod load_generator;
mod queue;
pub mod refusal;
pub(super) mod roles;
mod sockets;
mod wire;

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use ipc_core::{Error, Result};
use ipc_demo::cpus::Cpus;
use ipc_demo::exchange::{self, Usage};

use crate::measure::clients::child::Child;
use crate::measure::clients::wire::{Order, Report};
use crate::measure::task::Played;
use crate::results::case::Case;

/// The most processes that the clients are spread over.
pub const MOST_PROCESSES: usize = 4;

/// The time that a process may take to get ready, or to report, on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The time that a live server may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// A server and its clients, ready to play. Dropping it ends them.
#[derive(Debug)]
pub struct Crowd {
    case: Case,
    server: Child,
    clients: Vec<Child>,
}

/// The result of a turn.
#[derive(Debug)]
pub struct Served {
    /// The number of answers to each client within the window.
    pub counts: Vec<u64>,
    /// All answers, including those outside the window.
    pub all: u64,
    /// The window, the times of the answers in it as the clients saw them, and the cost of the turn for the clients
    /// (`ping`) and the server (`pong`).
    pub played: Played,
}

impl Served {
    /// Adds up the reports of the client processes on a window of `length`, and takes the server's cost from its two
    /// readings.
    fn of(length: Duration, reports: Vec<Report>, [before, after]: [Usage; 2]) -> Result<Self> {
        let mut served = Self { counts: Vec::new(), all: 0, played: Played::in_time(length) };
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

impl Crowd {
    /// Starts the server, and then the clients. When it returns, every client has received an answer and checked it.
    ///
    /// # Errors
    /// A process or the medium cannot be created; `is_over` returned true.
    pub fn start(case: &Case, is_over: &dyn Fn() -> bool) -> Result<Self> {
        let Case { member, variant, size, placement, clients, .. } = *case;
        let cpus = Cpus::Pair(placement.ping, placement.pong).to_string();
        let common = [member.profile.name, variant, &size.to_string(), &cpus].map(str::to_owned);
        let deadline = Instant::now() + PATIENCE;
        let number = clients.to_string();
        let mut server =
            Child::start("the server", roles::SERVER, common.iter().chain([&number, &String::new()]))?;
        let address = server.hear(deadline, is_over)?;
        let mut crowd = Self { case: *case, server, clients: Vec::new() };
        let processes = processes(clients);
        for nth in 0..processes {
            let (first, behind) = (nth * clients / processes, (nth + 1) * clients / processes);
            let range = format!("{first}-{behind}");
            let args = common.iter().chain([&range, &address]);
            crowd.clients.push(Child::start("a client process", roles::CLIENTS, args)?);
        }
        crowd.hear_all(deadline, is_over)?;
        Ok(crowd)
    }

    /// Plays a turn with a window of `length`.
    ///
    /// # Errors
    /// One of the processes has ended, had an error, or does not report; `is_over` returned true, and half a second was
    /// not enough to finish. The crowd can then no longer be used.
    pub fn play(&mut self, length: Duration, verify: bool, is_over: &dyn Fn() -> bool) -> Result<Served> {
        let deadline = Instant::now() + length + PATIENCE;
        let before = self.spent_by_server(deadline, is_over)?;
        let order = wire::line(&Order::new(wire::now()?, length, verify));
        for at in 0..self.clients.len() {
            let told = self.clients[at].tell(&order);
            told.map_err(|error| self.blame(error))?;
        }
        let lines = self.hear_all(deadline, is_over)?;
        let reports = lines.iter().map(|line| wire::read(line)).collect::<Result<_>>()?;
        let served = Served::of(length, reports, [before, self.spent_by_server(deadline, is_over)?])?;
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

    /// Returns the process ids, the server's first.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        [&self.server].into_iter().chain(&self.clients).map(Child::pid).collect()
    }

    /// Reads one line from each client process.
    fn hear_all(&mut self, deadline: Instant, is_over: &dyn Fn() -> bool) -> Result<Vec<String>> {
        let lines = self.clients.iter_mut().map(|child| child.hear(deadline, is_over)).collect::<Result<_>>();
        lines.map_err(|error| self.blame(error))
    }

    fn spent_by_server(&mut self, deadline: Instant, is_over: &dyn Fn() -> bool) -> Result<Usage> {
        self.server.tell("spent\n")?;
        wire::read(&self.server.hear(deadline, is_over)?)
    }

    /// If the server has ended, that is why the clients have ended. It may be about to: its connections are closed
    /// before it can be waited for, but then it no longer answers.
    fn blame(&mut self, error: Error) -> Error {
        let _ = self.spent_by_server(Instant::now() + ANSWER, &|| false);
        self.server.how_it_ended().map_or(error, |what| child::has_ended("the server", what))
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // The clients first: a server whose clients have left has nothing to wait for.
        self.clients.iter_mut().for_each(Child::dismiss);
        self.clients.clear();
        self.server.dismiss();
        self.server.wait();
        // A server that was killed has left its objects behind. An error is dropped: the next sweep tries again.
        let _ = (self.case.member.sweep)();
    }
}

/// Returns the number of processes over which the clients are spread.
#[must_use]
pub fn processes(clients: usize) -> usize {
    clients.clamp(1, MOST_PROCESSES)
}

/// Returns Jain's fairness index: the square of the sum, divided by the number of clients times the sum of the squares.
/// 1 if all got the same, 1/n if one of n got everything.
#[must_use]
pub fn jain(counts: &[u64]) -> f64 {
    let sum: f64 = counts.iter().map(|&count| count as f64).sum();
    let squares: f64 = counts.iter().map(|&count| (count as f64).powi(2)).sum();
    if squares == 0.0 { 1.0 } else { sum * sum / (counts.len() as f64 * squares) }
}

/// Returns an empty histogram, with the same settings as those of all other rows.
fn times() -> Histogram<u64> {
    exchange::histogram()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::latency::Latency;

    #[test]
    fn the_index_is_one_for_equal_shares_and_falls_to_one_nth() {
        let is = |counts: &[u64], index: f64| (jain(counts) - index).abs() < 1e-12;
        assert!(is(&[7], 1.0) && is(&[5, 5, 5, 5], 1.0) && is(&[8, 0, 0, 0], 0.25) && is(&[1, 3], 0.8));
        assert!(is(&[0, 0], 1.0), "nobody got anything, and all the same");
    }

    #[test]
    fn few_clients_have_a_process_each() {
        assert_eq!([1, 3, 4, 10, 1000].map(processes), [1, 3, 4, 4, 4]);
    }
    #[test]
    fn reports_are_added_up() {
        let usage =
            |by: u64| Usage { cpu: Duration::from_nanos(by), minor_faults: 2 * by, ..Usage::default() };
        let report = |counts: &[u64], time: u64, spent| {
            let mut times = times();
            times.record_n(time, counts.iter().sum()).unwrap();
            Report { counts: counts.into(), all: 10, times: Latency::of(&times, None), spent: usage(spent) }
        };
        let reports = vec![report(&[1, 2], 100, 5), report(&[0], 7, 7), report(&[4], 300, 11)];
        let second = Duration::from_secs(1);
        let Served { counts, all, played } = Served::of(second, reports, [usage(100), usage(140)]).unwrap();
        assert_eq!((counts, all, played.elapsed), (vec![1, 2, 0, 4], 30, second));
        assert_eq!((played.ping, played.pong), (usage(23), usage(40)));
        let seen = [(100, 3), (7, 0), (300, 4)].map(|(time, count)| played.times.count_at(time) == count);
        assert_eq!((seen, played.times.len()), ([true; 3], 7));
    }
}
