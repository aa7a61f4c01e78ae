//! The stage of a scene: a queue, a clock, and a process that cleans up.

use std::time::{Duration, Instant};

use ipc_core::lease::Lease;
use ipc_core::{Error, Result};
use ipc_demo::print;
use ipc_msgq::{Key, Queue, QueueId, SystemV};

use super::player::Player;

/// The time that a step may take on a loaded machine. Reached only if the step hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The start of the scene.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Prints a line of the story: the time, the process, the event.
    pub fn tell(self, name: &str, pid: Option<u32>, what: &str) -> Result<()> {
        let time = self.0.elapsed().as_secs_f64() * 1e3;
        let pid = pid.map(|pid| pid.to_string()).unwrap_or_default();
        let line = format!("{time:9.1} ms  {name:<10} {pid:>7}  {what}");
        print(&format!("{}\n", line.trim_end()))
    }
}

/// A scene's queue and its clock.
#[derive(Debug)]
pub struct Stage {
    pub key: Key,
    pub queue: Queue,
    clock: Clock,
    guard: Guard,
}

/// Another process, which removes the queues when this one has ended, however it ends: then the pipe between the two is
/// closed. Dropping this does the same, and waits for it.
///
/// Process 1 of a container takes the guard with it when it ends. So a lease records the queues, too, at every moment
/// of their lives.
#[derive(Debug)]
pub struct Guard {
    player: Player,
    lease: Lease,
}

impl Guard {
    /// Starts the process, which guards no queue yet.
    pub fn start() -> Result<Self> {
        let no_queue = QueueId::new(0);
        let lease = Lease::take::<SystemV>(None)?;
        let player = Player::start("guard", no_queue, Clock(Instant::now()), true)?;
        Ok(Self { player, lease })
    }

    /// Makes the queue of `key`, which the guard removes if it is still the same one.
    pub fn create(&mut self, key: Key, mode: u32) -> Result<Queue> {
        let queue = Queue::create_leased(&self.lease, key, mode)?;
        self.player.quietly(&format!("guard {key} {}", queue.id()))?;
        Ok(queue)
    }
}

impl Stage {
    /// Makes a queue that no other process uses.
    pub fn set() -> Result<Self> {
        let clock = Clock(Instant::now());
        let key = Key::fresh();
        let mut guard = Guard::start()?;
        let queue = guard.create(key, 0o600)?;
        clock.tell("queue", None, &format!("key {key}, id {}", queue.id()))?;
        Ok(Self { key, queue, clock, guard })
    }

    /// Returns the key of one more queue, which will be removed, too.
    pub fn another_key(&mut self) -> Result<Key> {
        let key = Key::fresh();
        self.guard.create(key, 0o600).map(|_| key)
    }

    /// Starts one more process.
    pub fn player(&self, name: &str) -> Result<Player> {
        let player = Player::start(name, self.queue.id(), self.clock, false)?;
        player.says("starts")?;
        Ok(player)
    }

    /// Prints a line that belongs to no process.
    pub fn tell(&self, what: &str) -> Result<()> {
        self.clock.tell("", None, what)
    }

    /// Checks a claim: prints it if it holds, and fails if not.
    pub fn claim(&self, holds: bool, claim: &str) -> Played {
        self.tell(&format!("{} {claim}", if holds { "✓" } else { "✗" }))?;
        if holds { Ok(()) } else { Err(Failure::Otherwise(format!("it was claimed that: {claim}"))) }
    }

    /// Returns the number of messages and bytes in the queue, according to the kernel.
    pub fn used(&self) -> Result<(usize, usize)> {
        let stat = self.queue.stat()?;
        Ok((stat.messages, stat.bytes))
    }

    /// Limits the queue's capacity, so that it is soon full.
    pub fn shrink(&self, bytes: usize) -> Result<()> {
        self.queue.set(&ipc_msgq::Settings { capacity: Some(bytes), ..Default::default() })?;
        self.tell(&format!("the queue is set to hold {bytes} bytes"))
    }

    /// Waits for a while, in which nothing should happen.
    pub fn pause(&self) -> Result<()> {
        std::thread::sleep(PAUSE);
        self.tell(&format!("({} ms pass)", PAUSE.as_millis()))
    }

    /// Removes the queue.
    pub fn clear(self) {
        drop(self.guard);
    }
}

/// The result of a scene.
pub type Played = std::result::Result<(), Failure>;

/// The reason why a scene was not played to its end.
#[derive(Debug)]
pub enum Failure {
    /// The kernel did not behave as claimed.
    Otherwise(String),
    /// The scene could not be played.
    Error(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Long enough to be seen; no claim depends on it.
pub const PAUSE: Duration = Duration::from_millis(200);
