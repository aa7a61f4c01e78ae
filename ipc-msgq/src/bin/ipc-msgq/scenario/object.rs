//! The queue of a scenario, and the process that removes it.

use std::cell::RefCell;

use ipc_core::Result;
use ipc_core::ownership::OwnershipLock;
use ipc_demo::scenario::{Context, Guard, Invited, KernelObject, Remains, State, shortened};
use ipc_demo::system_call::SystemCall;
use ipc_msgq::{Key, Limits, Message, Queue, QueueId, Settings, SystemV};
use nix::unistd::geteuid;
use serde::{Deserialize, Serialize};

use super::performer::Performer;
use crate::command::users::call_on_queue;

/// A queue that no other process uses.
pub struct QueueOfScenario {
    pub key: Key,
    pub queue: Queue,
    guard: RefCell<CleanupGuard>,
}

impl KernelObject for QueueOfScenario {
    const MECHANISM: &'static str = "msgq";
    const NAME: &'static str = "queue";
    const TITLE: &'static str = "message queue";

    type Part = ();
    type Performer = Performer;
    type Remains = QueueOfKey;

    fn create() -> Result<Self> {
        let key = Key::fresh();
        let mut guard = CleanupGuard::start()?;
        let queue = guard.create(key, 0o600)?;
        Ok(Self { key, queue, guard: guard.into() })
    }

    fn describe(&self) -> String {
        format!("key {}, id {}", self.key, self.queue.id())
    }

    fn invite(&self, (): ()) -> Result<Invited<i32>> {
        Ok(Invited::with(self.queue.id().get()))
    }

    fn state(&self, _: &[u32]) -> Result<Option<State>> {
        let Ok(stat) = self.queue.stat() else { return Ok(None) }; // it was removed
        Ok(Some(State {
            used: Some(stat.bytes),
            capacity: Some(stat.capacity),
            unit: Some("bytes"),
            items: Some(stat.messages),
            contents: self.contents(stat.messages),
            ..State::default()
        }))
    }

    fn is_target(&self, call: &SystemCall, _: u32) -> bool {
        call_on_queue(call).is_some_and(|call| call.queue == self.queue.id())
    }
}

impl QueueOfScenario {
    /// Returns the messages, the oldest first, as copies (`MSG_COPY`). `None` where the kernel does not copy them.
    fn contents(&self, messages: usize) -> Option<Vec<String>> {
        let mut message = Message::with_capacity(Limits::read().ok()?.message_bytes);
        let mut contents = Vec::new();
        for position in 0..messages {
            self.queue.peek(position, &mut message).ok()??;
            let text = String::from_utf8_lossy(message.text());
            contents.push(format!("type {}: {}", message.kind(), shortened(&text)));
        }
        Some(contents)
    }

    /// Returns the number of messages and bytes in the queue, according to the kernel.
    pub fn used(&self) -> Result<(usize, usize)> {
        let stat = self.queue.stat()?;
        Ok((stat.messages, stat.bytes))
    }

    /// Makes one more queue, which will be removed, too; returns its key.
    pub fn another_key(&self) -> Result<Key> {
        let key = Key::fresh();
        self.guard.borrow_mut().create(key, 0o600).map(|_| key)
    }
}

/// Limits the queue's capacity, so that it is soon full.
pub fn shrink(context: &Context<QueueOfScenario>, bytes: usize) -> Result<()> {
    context.object().queue.set(&Settings { capacity: Some(bytes), ..Default::default() })?;
    context.note(&format!("the capacity of the queue is set to {bytes} bytes"))
}

/// Makes queues that are removed when this process has ended, however it ends.
///
/// An ownership lock records them, too, at every moment of their lives: process 1 of a container takes the guard with it
/// when it ends.
#[derive(Debug)]
pub struct CleanupGuard {
    guard: Guard<QueueOfKey>,
    ownership: OwnershipLock,
}

impl CleanupGuard {
    /// Starts the process that removes the queues. It guards none yet.
    pub fn start() -> Result<Self> {
        Ok(Self { ownership: OwnershipLock::take::<SystemV>(None)?, guard: Guard::start()? })
    }

    /// Makes the queue of `key`, which the guard removes if it is still the same one.
    pub fn create(&mut self, key: Key, mode: u32) -> Result<Queue> {
        let queue = Queue::create_crash_safe(&self.ownership, key, mode)?;
        self.guard.watch(&QueueOfKey { key: key.to_string(), id: queue.id().get() })?;
        Ok(queue)
    }
}

/// A queue, by its key and its id: another queue of the same key is another queue.
#[derive(Debug, Serialize, Deserialize)]
pub struct QueueOfKey {
    key: String,
    id: i32,
}

impl Remains for QueueOfKey {
    fn remove(self) {
        if let Ok(queue) = self.key.parse().and_then(Queue::open)
            && queue.id() == QueueId::new(self.id)
            && queue.stat().is_ok_and(|stat| stat.creator == geteuid().as_raw())
        {
            let _ = queue.remove(); // another process was faster
        }
    }
}
