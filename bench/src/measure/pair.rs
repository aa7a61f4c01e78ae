//! The two processes that play a case: ping in a thread of this one, pong in a child.
//!
//! Ping has a thread of its own since a CPU binding belongs to a thread: only that thread is bound, not the rest of the
//! harness nor the next child. The thread also hides the mechanism's type, so that one list can hold pairs of all six. It
//! shares no descriptors with the others: they would make each of its calls slower than those of a program that measures
//! nothing. See [`DescriptorTable`].

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ipc_core::{Call, DescriptorTable, Error, Result};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, gettid};

use crate::measure::task::{Task, TaskResult};

/// Two processes that are ready to play. Dropping it ends both.
#[derive(Debug)]
pub struct Pair {
    /// `None` once no more orders will come.
    tasks: Option<Sender<Task>>,
    played: Receiver<TaskResult>,
    thread: Option<JoinHandle<Result<()>>>,
    max_message: usize,
    /// The thread that plays ping.
    ping: Pid,
    /// The process that plays pong; `None` where that is a thread.
    peer: Option<Pid>,
}

/// The connection between the thread that plays ping and the one that gives the orders.
#[derive(Debug)]
pub struct TaskChannel {
    ready: Sender<(usize, Pid, Option<u32>)>,
    tasks: Receiver<Task>,
    played: Sender<TaskResult>,
}

// If the receiver is gone, no task comes either, and the loop over `tasks` ends.
impl TaskChannel {
    /// Reports that both sides are there, the longest message, and the process that plays pong, if it is one.
    pub fn report_ready(&self, max_message: usize, peer: Option<u32>) {
        let _ = self.ready.send((max_message, gettid(), peer));
    }

    /// Returns the tasks to play, until no more come.
    pub fn tasks(&self) -> impl Iterator<Item = Task> {
        self.tasks.iter()
    }

    /// Reports the result of a task.
    pub fn report(&self, played: TaskResult) {
        let _ = self.played.send(played);
    }
}

impl Pair {
    /// Starts a thread in which `ping` plays ping: it reports that it is ready, and then carries out its tasks.
    ///
    /// # Errors
    /// Those of `ping` before it was ready; `clone`: no more threads are possible.
    pub fn on_thread(ping: impl FnOnce(&TaskChannel) -> Result<()> + Send + 'static) -> Result<Self> {
        let (ready, when_ready) = channel();
        let (tasks, their_tasks) = channel();
        let (their_played, played) = channel();
        let channel = TaskChannel { ready, tasks: their_tasks, played: their_played };
        let thread = thread::Builder::new().name("ping".into()).spawn(move || {
            DescriptorTable::leave_shared_within_reach();
            ping(&channel)
        });
        let thread = thread.call("clone")?;
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
    pub fn play(&mut self, task: impl Into<Task>) -> Result<TaskResult> {
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
    pub fn play_unless(&mut self, task: impl Into<Task>, is_over: impl Fn() -> bool) -> Result<TaskResult> {
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
