//! The two processes that play a case: ping in a thread of this one, pong in a child.
//!
//! Ping has a thread of its own because a binding to a CPU belongs to a thread: only that thread is bound, the rest
//! of the harness and the next child are not. It also hides the mechanism's type, so that one list can hold pairs of
//! all six.

use std::process::{Command, ExitCode};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use ipc_core::cpus::{Cpus, Role};
use ipc_core::demo::{interrupt, report};
use ipc_core::peer::Peer;
use ipc_core::play::{self, Exchange, Order, Outcome, Usage};
use ipc_core::{Call, Error, Mechanism, Result, Setup, Transport, Wait, Waiting, lease};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::floors::{self, Floor};
use crate::{Case, Placement, member, syscalls};

/// The first argument of a process that was started to play pong.
const PEER: &str = "peer";

/// How long a peer may take to join, on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// Two processes that are ready to play. Dropped, it ends them both.
#[derive(Debug)]
pub struct Pair {
    /// `None` once no more orders will come.
    tasks: Option<Sender<Task>>,
    played: Receiver<Played>,
    thread: Option<JoinHandle<Result<()>>>,
    max_message: usize,
    /// The process that plays pong.
    peer: Pid,
}

/// What a pair is to play.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// The exchange.
    pub order: Order,
    /// Round trips between two looks at the clock: see [`play::ping_in_batches`].
    pub batch: u64,
    /// Open loop: messages a second, each at its time. `None`: each when the one before is over.
    pub rate: Option<u64>,
}

impl From<Order> for Task {
    /// Each round trip timed by itself.
    fn from(order: Order) -> Self {
        Self { order, batch: 1, rate: None }
    }
}

/// How a task went.
#[derive(Debug)]
pub struct Played {
    /// Round trips: their sum. Throughput: the time between the first and the last message, by the receiver's clock.
    pub elapsed: Duration,
    /// The time of each round trip, in nanoseconds; empty for throughput. Open loop: from the moment at which it was
    /// meant to start.
    pub times: Histogram<u64>,
    /// Open loop: the time of each round trip from its real start.
    pub service: Option<Histogram<u64>>,
    /// How long each message was on its way to pong, where that was ordered.
    pub one_way: Option<Histogram<u64>>,
    /// What it cost ping.
    pub ping: Usage,
    /// What it cost pong.
    pub pong: Usage,
}

impl Played {
    /// Nothing but how long it took.
    pub(crate) fn in_time(elapsed: Duration) -> Self {
        let none = Usage::default();
        Self { elapsed, times: play::histogram(), service: None, one_way: None, ping: none, pong: none }
    }
}

impl From<Outcome> for Played {
    fn from(outcome: Outcome) -> Self {
        let Outcome { times, service, elapsed, usage, report } = outcome;
        Self { elapsed, times, service, one_way: report.one_way, ping: usage, pong: report.usage }
    }
}

/// What connects the thread that plays ping with the one that gives the orders.
#[derive(Debug)]
pub(crate) struct Stage {
    ready: Sender<(usize, u32)>,
    tasks: Receiver<Task>,
    played: Sender<Played>,
}

// If nobody listens any more, no task will come either: then the loop over `tasks` ends.
impl Stage {
    /// Says that both processes are there, how long a message may be, and which process plays pong.
    pub(crate) fn is_ready(&self, max_message: usize, peer: u32) {
        let _ = self.ready.send((max_message, peer));
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
        Self::on_stage(move |stage| (case.member.ping)(case, stage))
    }

    /// The same exchange by bare calls: see [`floors`](crate::floors).
    ///
    /// # Errors
    /// Whatever keeps the two from meeting.
    pub fn start_floor(floor: Floor, placement: Placement) -> Result<Self> {
        Self::on_stage(move |stage| floors::ping(&floor, placement, stage))
    }

    /// A thread that plays ping by `ping`.
    pub(crate) fn on_stage(ping: impl FnOnce(&Stage) -> Result<()> + Send + 'static) -> Result<Self> {
        let (ready, when_ready) = channel();
        let (tasks, their_tasks) = channel();
        let (their_played, played) = channel();
        let stage = Stage { ready, tasks: their_tasks, played: their_played };
        let thread = thread::Builder::new().name("ping".into()).spawn(move || ping(&stage)).call("clone")?;
        let (tasks, thread, peer) = (Some(tasks), Some(thread), Pid::from_raw(0));
        let mut pair = Self { tasks, played, thread, max_message: 0, peer };
        match when_ready.recv() {
            Ok((max_message, peer)) => {
                (pair.max_message, pair.peer) = (max_message, Pid::from_raw(peer as i32));
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

    /// Ends the peer at once: one that stands still would not end by itself.
    pub fn kill_peer(&self) {
        // The thread lives as long as this value, and has not waited for its child: the pid is still the child's own.
        // An error means that the child has ended.
        let _ = kill(self.peer, Signal::SIGKILL);
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
    let setup = Setup::default_of::<M>().with_variant::<M>(case.variant)?;
    let mut meeting = create::<M>(&setup)?;
    let mut command = Command::new(std::env::current_exe().call("readlink")?);
    let cpus = Cpus::Pair(case.placement.ping, case.placement.pong);
    command.args([PEER, M::PROFILE.name, case.variant, case.wait.name(), &cpus.to_string()]);
    meeting.invite(&mut command)?;
    let mut child = Peer::spawn(command)?;
    let link = child.accept(&mut meeting, PATIENCE)?;
    drop(meeting);
    cpus.bind(Role::Ping)?;
    let mut link = Waiting::new(link, case.wait);
    stage.is_ready(link.max_message(), child.pid());
    for task in stage.tasks() {
        stage.has_played(play_one(&mut link, &task)?);
    }
    drop(link);
    if child.wait()?.success() { Ok(()) } else { Err(Error::Disconnected) }
}

/// Makes the meeting point; a signal waits until all of it is noted for removal.
fn create<M: Mechanism>(setup: &Setup) -> Result<M> {
    let _making = lease::making();
    M::create(None, setup)
}

fn play_one(link: &mut impl Transport, Task { order, batch, rate }: &Task) -> Result<Played> {
    let outcome = match (order.exchange, rate) {
        (Exchange::RoundTrip, None) => play::ping_in_batches(link, order, *batch, |_, _| {}),
        (Exchange::RoundTrip, Some(rate)) => {
            play::open_loop(link, order, Duration::from_secs(1) / (*rate).clamp(1, 1_000_000_000) as u32)
        }
        (Exchange::Stream, _) => play::stream(link, order),
        (Exchange::OneWay, _) => play::one_way(link, order),
    };
    outcome.map(Played::from)
}

/// What a child is told on its command line.
#[derive(Debug)]
pub(crate) struct Invitation {
    variant: String,
    wait: Wait,
    cpus: Cpus,
    address: String,
}

/// The child: joins its parent and answers.
pub(crate) fn pong<M: Mechanism>(invitation: &Invitation) -> Result<()> {
    interrupt::clean_up_on_signals()?;
    invitation.cpus.bind(Role::Pong)?;
    let setup = Setup::default_of::<M>().with_variant::<M>(&invitation.variant)?;
    let link = M::join(&invitation.address, &setup, PATIENCE)?;
    play::pong(&mut Waiting::new(link, invitation.wait), |_| {}).map(drop)
}

/// Plays pong to the end if this process was started as the child of a [`Pair`]. The first thing for a `main` to
/// call, before it looks at its own arguments.
#[must_use]
pub fn serve_if_invited() -> Option<ExitCode> {
    let args: Vec<_> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    if let Some(status) = floors::serve_if_invited(&args) {
        return Some(status);
    }
    if let Some(played) = syscalls::play_if_told(&args) {
        return Some(report(played));
    }
    let [_, word, mechanism, variant, wait, cpus, address] = &args[..] else { return None };
    if word != PEER {
        return None;
    }
    let serve = || {
        let (wait, cpus) = (wait.parse()?, cpus.parse()?);
        let invitation = Invitation { variant: variant.clone(), wait, cpus, address: address.clone() };
        (member(mechanism)?.pong)(&invitation)
    };
    Some(report(serve()))
}
