//! The context of a scenario: a queue, a clock, and a process that cleans up.

use std::panic::Location;
use std::path::Path;
use std::time::{Duration, Instant};

use ipc_core::ownership::OwnershipLock;
use ipc_core::{Error, Result};
use ipc_demo::print;
use ipc_msgq::{Key, Queue, QueueId, SystemV};

use super::worker::Worker;

/// The time that a step may take on a loaded machine. Reached only if the step hangs.
pub const STEP_TIMEOUT: Duration = Duration::from_secs(20);

/// The start of the scenario.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Prints a line: the time, the process, the event.
    pub fn log(self, name: &str, pid: Option<u32>, what: &str) -> Result<()> {
        let time = self.0.elapsed().as_secs_f64() * 1e3;
        let pid = pid.map(|pid| pid.to_string()).unwrap_or_default();
        print(&paragraph(what, &format!("{time:6.1} ms  {name:<10} {pid:>7}  ")))
    }

    /// Does the same for a call, and names the line of the scenario that has it made.
    pub fn log_call(self, name: &str, pid: u32, what: &str, source: &Location<'_>) -> Result<()> {
        let file = Path::new(source.file()).file_name().unwrap_or_default().display();
        self.log(name, Some(pid), &format!("{what}  {file}:{}", source.line()))
    }
}

/// The columns of a terminal as it usually is.
const WIDTH: usize = 80;

/// Formats `text` behind `margin`, in as many lines as it takes.
pub fn paragraph(text: &str, margin: &str) -> String {
    let indent = " ".repeat(margin.chars().count());
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(margin)
        .subsequent_indent(&indent)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::fill(text, options) + "\n"
}

/// A scenario's queue and its clock.
#[derive(Debug)]
pub struct Context {
    pub key: Key,
    pub queue: Queue,
    clock: Clock,
    guard: CleanupGuard,
}

/// Another process, which removes the queues when this one has ended, however it ends: then the pipe between the two is
/// closed. Dropping this does the same, and waits for it.
///
/// Process 1 of a container takes the guard with it when it ends. So an ownership lock records the queues, too, at
/// every moment of their lives.
#[derive(Debug)]
pub struct CleanupGuard {
    worker: Worker,
    ownership: OwnershipLock,
}

impl CleanupGuard {
    /// Starts the process, which guards no queue yet.
    pub fn start() -> Result<Self> {
        let no_queue = QueueId::new(0);
        let ownership = OwnershipLock::take::<SystemV>(None)?;
        let worker = Worker::spawn("guard", no_queue, Clock(Instant::now()), true)?;
        Ok(Self { worker, ownership })
    }

    /// Makes the queue of `key`, which the guard removes if it is still the same one.
    pub fn create(&mut self, key: Key, mode: u32) -> Result<Queue> {
        let queue = Queue::create_crash_safe(&self.ownership, key, mode)?;
        self.worker.run_silently(&format!("guard {key} {}", queue.id()))?;
        Ok(queue)
    }
}

impl Context {
    /// Makes a queue that no other process uses.
    pub fn new() -> Result<Self> {
        let clock = Clock(Instant::now());
        let key = Key::fresh();
        let mut guard = CleanupGuard::start()?;
        let queue = guard.create(key, 0o600)?;
        clock.log("queue", None, &format!("key {key}, id {}", queue.id()))?;
        Ok(Self { key, queue, clock, guard })
    }

    /// Returns the key of one more queue, which will be removed, too.
    pub fn another_key(&mut self) -> Result<Key> {
        let key = Key::fresh();
        self.guard.create(key, 0o600).map(|_| key)
    }

    /// Starts one more process.
    pub fn worker(&self, name: &str) -> Result<Worker> {
        let worker = Worker::spawn(name, self.queue.id(), self.clock, false)?;
        worker.log("starts")?;
        Ok(worker)
    }

    /// Prints a line that belongs to no process.
    pub fn log(&self, what: &str) -> Result<()> {
        self.clock.log("", None, what)
    }

    /// Checks a claim and prints it; fails if it does not hold.
    pub fn check(&self, holds: bool, claim: &str) -> ScenarioResult {
        self.log(&format!("{} {claim}", if holds { "✓" } else { "✗" }))?;
        if holds { Ok(()) } else { Err(Failure::ClaimFailed(format!("check failed: {claim}"))) }
    }

    /// Returns the number of messages and bytes in the queue, according to the kernel.
    pub fn used(&self) -> Result<(usize, usize)> {
        let stat = self.queue.stat()?;
        Ok((stat.messages, stat.bytes))
    }

    /// Limits the queue's capacity, so that it is soon full.
    pub fn shrink(&self, bytes: usize) -> Result<()> {
        self.queue.set(&ipc_msgq::Settings { capacity: Some(bytes), ..Default::default() })?;
        self.log(&format!("the capacity of the queue is set to {bytes} bytes"))
    }

    /// Waits for a while, during which nothing should happen.
    pub fn pause(&self) -> Result<()> {
        std::thread::sleep(PAUSE);
        self.log(&format!("({} ms pass)", PAUSE.as_millis()))
    }

    /// Removes the queue.
    pub fn close(self) {
        drop(self.guard);
    }
}

/// The result of a scenario.
pub type ScenarioResult = std::result::Result<(), Failure>;

/// The reason for the failure of a scenario.
#[derive(Debug)]
pub enum Failure {
    /// The kernel did not behave as claimed.
    ClaimFailed(String),
    /// The scenario could not be run.
    Error(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Long enough to be seen; no claim depends on it.
pub const PAUSE: Duration = Duration::from_millis(200);
