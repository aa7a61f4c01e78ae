//! The two processes that play a case: ping in a thread of this one, pong in a child.
//!
//! Ping has a thread of its own because a binding to a CPU belongs to a thread: only that thread is bound, the rest
//! of the harness and the next child are not. It also hides the mechanism's type, so that one list can hold pairs of
//! all six.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ipc_core::cpus::{Cpus, Role};
use ipc_core::peer::{self, Peer};
use ipc_core::play::{self, Exchange};
use ipc_core::{Call, Error, Mechanism, Result, Setup, Transport, Waiting, lease};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, gettid};

use crate::floors::{self, Floor};
use crate::in_place::InPlace;
use crate::{Case, Placement, Played, Task};

/// The first argument of a process that was started to play pong.
pub(crate) const PEER: &str = "peer";

/// How long a peer may take to join, on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Two processes that are ready to play. Dropped, it ends them both.
#[derive(Debug)]
pub struct Pair {
    /// `None` once no more orders will come.
    tasks: Option<Sender<Task>>,
    played: Receiver<Played>,
    thread: Option<JoinHandle<Result<()>>>,
    max_message: usize,
    /// The thread that plays ping.
    ping: Pid,
    /// The process that plays pong; `None` where that is a thread.
    peer: Option<Pid>,
}

/// What connects the thread that plays ping with the one that gives the orders.
#[derive(Debug)]
pub(crate) struct Stage {
    ready: Sender<(usize, Pid, Option<u32>)>,
    tasks: Receiver<Task>,
    played: Sender<Played>,
}

// If nobody listens any more, no task will come either: then the loop over `tasks` ends.
impl Stage {
    /// Says that both sides are there, how long a message may be, and which process plays pong, if it is one.
    pub(crate) fn is_ready(&self, max_message: usize, peer: Option<u32>) {
        let _ = self.ready.send((max_message, gettid(), peer));
    }

    /// What is to be played, until no more comes.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = Task> {
        self.tasks.iter()
    }

    pub(crate) fn has_played(&self, played: Played) {
        let _ = self.played.send(played);
    }
}

impl Pair {
    /// Starts the child and waits until it has joined.
    ///
    /// # Errors
    /// Whatever keeps the two from meeting.
    pub fn start(case: Case) -> Result<Self> {
        let ping = case.member.way(case.variant)?.ping;
        Self::on_stage(move |stage| ping(case, stage))
    }

    /// The same exchange by bare calls: see [`floors`](crate::floors).
    ///
    /// # Errors
    /// Whatever keeps the two from meeting.
    pub fn start_floor(floor: Floor, placement: Placement) -> Result<Self> {
        Self::on_stage(move |stage| floors::ping(&floor, placement, stage))
    }

    /// The same stream through the same ring, but without copies; `None` for a mechanism without a ring.
    pub(crate) fn start_in_place(case: Case) -> Option<Result<Self>> {
        let ping = InPlace::find(case.member.profile.name, case.variant)?.ping;
        Some(Self::on_stage(move |stage| ping(case, stage)))
    }

    /// A thread that plays ping by `ping`.
    pub(crate) fn on_stage(ping: impl FnOnce(&Stage) -> Result<()> + Send + 'static) -> Result<Self> {
        let (ready, when_ready) = channel();
        let (tasks, their_tasks) = channel();
        let (their_played, played) = channel();
        let stage = Stage { ready, tasks: their_tasks, played: their_played };
        let thread = thread::Builder::new().name("ping".into()).spawn(move || ping(&stage)).call("clone")?;
        let (tasks, thread) = (Some(tasks), Some(thread));
        let mut pair = Self { tasks, played, thread, max_message: 0, ping: Pid::from_raw(0), peer: None };
        match when_ready.recv() {
            Ok((max_message, ping, peer)) => {
                (pair.max_message, pair.ping) = (max_message, ping);
                pair.peer = peer.map(|pid| Pid::from_raw(pid as i32));
            }
            Err(_) => return Err(pair.why()),
        }
        Ok(pair)
    }

    /// The longest message that this link carries, in bytes.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.max_message
    }

    /// The thread that plays ping.
    pub(crate) fn ping(&self) -> Pid {
        self.ping
    }

    /// The process that plays pong, if it is one.
    pub(crate) fn peer(&self) -> Option<Pid> {
        self.peer
    }

    /// Plays one task.
    ///
    /// # Errors
    /// As the transport. The pair has ended then.
    pub fn play(&mut self, task: impl Into<Task>) -> Result<Played> {
        if let Some(tasks) = &self.tasks {
            let _ = tasks.send(task.into()); // nobody takes it if the thread has ended: then it also answers nothing
        }
        self.played.recv().map_err(|_| self.why())
    }

    /// As [`play`](Self::play); but if `is_over` comes true meanwhile and the task does not come to its end, the peer is
    /// killed, and that ends the pair.
    ///
    /// # Errors
    /// As [`play`](Self::play).
    pub fn play_unless(&mut self, task: impl Into<Task>, is_over: impl Fn() -> bool) -> Result<Played> {
        /// How long a task may go on after that.
        const GRACE: Duration = Duration::from_millis(500);
        const LOOK_EVERY: Duration = Duration::from_millis(50);
        if let Some(tasks) = &self.tasks {
            let _ = tasks.send(task.into()); // as above
        }
        let mut since = None;
        loop {
            match self.played.recv_timeout(LOOK_EVERY) {
                Ok(played) => return Ok(played),
                Err(RecvTimeoutError::Disconnected) => return Err(self.why()),
                Err(RecvTimeoutError::Timeout) if !is_over() => {}
                Err(RecvTimeoutError::Timeout) => {
                    if since.get_or_insert_with(Instant::now).elapsed() > GRACE {
                        self.kill_peer();
                    }
                }
            }
        }
    }

    /// Ends the peer at once: one that stands still would not end by itself. Returns when it has ended: until then it holds
    /// its share of what the two have made, and whoever leaves before it would not be the last one out, who removes it.
    pub fn kill_peer(&self) {
        let Some(peer) = self.peer else { return };
        // The thread lives as long as this value, and has not waited for its child: the pid is still the child's own, and
        // stays so, since it is only looked at. An error means that the child has ended.
        let _ = kill(peer, Signal::SIGKILL);
        let _ = waitid(Id::Pid(peer), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
    }

    /// Ends both processes.
    ///
    /// # Errors
    /// The child failed.
    pub fn finish(mut self) -> Result<()> {
        self.end()
    }

    /// Why the thread has ended before its time.
    fn why(&mut self) -> Error {
        self.end().err().unwrap_or(Error::Disconnected)
    }

    fn end(&mut self) -> Result<()> {
        self.tasks = None; // ends the thread's loop
        match self.thread.take().map(JoinHandle::join) {
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            Some(Ok(result)) => result,
            None => Ok(()),
        }
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // whoever wants to know calls `finish`
        }
    }
}

/// The thread that plays ping: makes the meeting point, starts the child, and carries out orders until none come.
/// Any failure ends it, and with it the child.
pub(crate) fn ping<M: Mechanism>(case: Case, stage: &Stage) -> Result<()> {
    let mut meeting = create::<M>()?;
    let mut command = peer::this_program()?;
    let cpus = Cpus::Pair(case.placement.ping, case.placement.pong);
    command.args([PEER, M::PROFILE.name, case.variant, case.wait.name(), &cpus.to_string()]);
    meeting.invite(&mut command)?;
    let mut child = Peer::spawn(command)?;
    let link = child.accept(&mut meeting, PATIENCE)?;
    drop(meeting);
    cpus.bind(Role::Ping)?;
    let mut link = Waiting::new(link, case.wait);
    stage.is_ready(link.max_message(), Some(child.pid()));
    for task in stage.tasks() {
        stage.has_played(play_one(&mut link, &task)?);
    }
    drop(link);
    if child.wait()?.success() { Ok(()) } else { Err(Error::Disconnected) }
}

/// Makes the meeting point; a signal waits until all of it is noted for removal.
pub(crate) fn create<M: Mechanism>() -> Result<M> {
    let _making = lease::making();
    M::create(None, &Setup::default())
}

pub(crate) fn play_one(link: &mut impl Transport, Task { order, batch, rate }: &Task) -> Result<Played> {
    let outcome = match (order.exchange, rate) {
        (Exchange::RoundTrip, None) => play::ping_in_batches(link, order, *batch, |_, _| {}),
        (Exchange::RoundTrip, Some(rate)) => play::open_loop(link, order, interval(*rate)),
        (Exchange::Stream, _) => play::stream(link, order),
        (Exchange::OneWay, _) => play::one_way(link, order),
    };
    outcome.map(Played::from)
}

/// From one message to the next of so many a second.
fn interval(rate: u64) -> Duration {
    Duration::from_secs(1) / rate.clamp(1, 1_000_000_000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_an_interval() {
        let intervals = [0, 1, 5_000, u64::MAX].map(|rate| interval(rate).as_nanos());
        assert_eq!(intervals, [1_000_000_000, 1_000_000_000, 200_000, 1]);
    }
}
