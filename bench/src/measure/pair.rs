//! The two processes that play a case: ping in a thread of this one, pong in a child.
//!
//! Ping has a thread of its own since a CPU binding belongs to a thread: only that thread is bound, not the rest of the
//! harness nor the next child. The thread also hides the mechanism's type, so that one list can hold pairs of all six.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ipc_core::{Call, Error, Mechanism, Result, Setup, Transport, Waiting, ownership};
use ipc_demo::cpus::{Cpus, Role};
use ipc_demo::exchange::{self, Pattern};
use ipc_demo::helper_process::{self, HelperProcess};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, gettid};

use crate::measure::baseline::in_place::InPlace;
use crate::measure::baseline::{Floor, stage};
use crate::measure::task::{Played, Task};
use crate::results::case::{Case, Placement};

/// The first argument of a process started to play pong.
pub(crate) const PEER: &str = "peer";

/// The time that a peer may take to join, on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Two processes that are ready to play. Dropping it ends both.
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

/// The connection between the thread that plays ping and the one that gives the orders.
#[derive(Debug)]
pub(crate) struct Stage {
    ready: Sender<(usize, Pid, Option<u32>)>,
    tasks: Receiver<Task>,
    played: Sender<Played>,
}

// If the receiver is gone, no task comes either, and the loop over `tasks` ends.
impl Stage {
    /// Reports that both sides are there, the longest message, and the process that plays pong, if it is one.
    pub(crate) fn is_ready(&self, max_message: usize, peer: Option<u32>) {
        let _ = self.ready.send((max_message, gettid(), peer));
    }

    /// Returns the tasks to play, until no more come.
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
    /// Any error that keeps the two from connecting.
    pub fn start(case: Case) -> Result<Self> {
        let ping = case.member.way(case.variant)?.ping;
        Self::on_stage(move |stage| ping(case, stage))
    }

    /// Starts the same exchange by bare calls: see [`floors`](crate::measure::baseline).
    ///
    /// # Errors
    /// Any error that keeps the two from connecting.
    pub fn start_floor(floor: Floor, placement: Placement) -> Result<Self> {
        Self::on_stage(move |stage| stage::ping(&floor, placement, stage))
    }

    /// Starts the same stream through the same ring, but without copies; `None` for a mechanism without a ring.
    pub(crate) fn start_in_place(case: Case) -> Option<Result<Self>> {
        let ping = InPlace::find(case.member.profile.name, case.variant)?.ping;
        Some(Self::on_stage(move |stage| ping(case, stage)))
    }

    /// Starts a thread in which `ping` plays ping.
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

    /// Returns the longest message that this link carries, in bytes.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.max_message
    }

    /// Returns the thread that plays ping.
    pub(crate) fn ping(&self) -> Pid {
        self.ping
    }

    /// Returns the process that plays pong, if it is one.
    pub(crate) fn peer(&self) -> Option<Pid> {
        self.peer
    }

    /// Plays one task.
    ///
    /// # Errors
    /// As the transport. The pair has then ended.
    pub fn play(&mut self, task: impl Into<Task>) -> Result<Played> {
        if let Some(tasks) = &self.tasks {
            let _ = tasks.send(task.into()); // if the thread has ended, no answer comes either
        }
        self.played.recv().map_err(|_| self.why())
    }

    /// Plays a task as [`play`](Self::play) does, but kills the peer, which ends the pair, if `is_over` returns true
    /// and the task does not finish soon after.
    ///
    /// # Errors
    /// As [`play`](Self::play).
    pub fn play_unless(&mut self, task: impl Into<Task>, is_over: impl Fn() -> bool) -> Result<Played> {
        /// The time for which a task may continue after that.
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

    /// Ends the peer at once: a peer that is stuck would not end by itself. Returns when it has ended: until then it
    /// holds its share of the pair's objects, and the other side would not be the last one out, which removes them.
    pub fn kill_peer(&self) {
        let Some(peer) = self.peer else { return };
        // The thread lives as long as this value, and has not waited for its child: the pid is still the child's own,
        // and stays so, since `waitid` below leaves the child unreaped. An error means that the child has ended.
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

    /// Returns the reason why the thread ended early.
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
            let _ = thread.join(); // a caller that wants the error calls `finish`
        }
    }
}

/// Runs the thread that plays ping: creates the meeting point, starts the child, and carries out orders until none
/// come. Any failure ends the thread, and the child with it.
pub(crate) fn ping<M: Mechanism>(case: Case, stage: &Stage) -> Result<()> {
    let mut meeting = create::<M>()?;
    let mut command = helper_process::this_program()?;
    let cpus = Cpus::Pair(case.placement.ping, case.placement.pong);
    command.args([PEER, M::PROFILE.name, case.variant, case.wait.name(), &cpus.to_string()]);
    meeting.invite(&mut command)?;
    let mut child = HelperProcess::spawn(command)?;
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

/// Creates the meeting point; a signal is held back until all of its objects are noted for removal.
pub(crate) fn create<M: Mechanism>() -> Result<M> {
    let _guard = ownership::CreationGuard::new();
    M::create(None, &Setup::default())
}

pub(crate) fn play_one(link: &mut impl Transport, Task { order, batch, rate }: &Task) -> Result<Played> {
    let sample = match (order.pattern, rate) {
        (Pattern::RoundTrip, None) => exchange::ping_in_batches(link, order, *batch, |_, _| {}),
        (Pattern::RoundTrip, Some(rate)) => exchange::open_loop(link, order, interval(*rate)),
        (Pattern::Stream, _) => exchange::stream(link, order),
        (Pattern::OneWay, _) => exchange::one_way(link, order),
    };
    sample.map(Played::from)
}

/// Returns the time from one message to the next at `rate` messages per second.
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
