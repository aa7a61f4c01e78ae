//! The state that the threads of a server share: the queues and the slots of its clients.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use ipc_core::process::{PeerProcess, ProcessId};
use ipc_core::{Call, Result, random};
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::back_pressure::Unread;
use super::queues::{MakeQueue, PER_QUEUE, Queues};
use super::wire::{Join, Refusal, Types};
use super::{Event, Handler};
use crate::{CancelToken, Message, MessageType, Queue};

/// The highest number of clients. Further ones are rejected.
const SLOTS: usize = 4096;

pub(super) struct ServerState {
    /// The queue that the clients know.
    pub(super) meeting: Queue,
    pub(super) handler: Box<dyn Handler>,
    /// The longest message, in bytes.
    pub(super) longest: usize,
    /// Ends the accept loop and the reaper.
    pub(super) stopping: CancelToken,
    /// Makes the reaper look again.
    pub(super) wake_reaper: EventFd,
    slots: Mutex<Slots>,
    /// Signalled when a slot has become free.
    freed: Condvar,
}

pub(super) struct Slots {
    pub(super) taken: Vec<Option<Slot>>,
    pub(super) queues: Queues,
    /// Starts at a random number: clients of an earlier server at this queue may still be running.
    next_session: u64,
}

/// A client's slot.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) number: usize,
    /// Shared with the slots whose numbers are near, or, if the client is pipelined, its own.
    pub(super) queue: Queue,
    /// The most requests that its client may have under way.
    pub(super) depth: usize,
    pub(super) session: u64,
    pub(super) client: ProcessId,
    /// The type of its welcome, which is in the queue that the clients know.
    pub(super) welcome: MessageType,
    /// The process of the client, shared by all its clients.
    process: Arc<PeerProcess>,
    /// Ends its thread, whatever that is waiting for.
    pub(super) cancel: CancelToken,
    /// The answer, or the welcome, that is in its queue as far as its thread knows.
    pub(super) unread: Arc<Mutex<Option<Unread>>>,
    /// The client is rejected: it has been told so, and what it sends is discarded.
    pub(super) rejected: Arc<AtomicBool>,
    /// The reaper has found that its process has ended.
    dead: bool,
}

impl Slot {
    pub(super) fn types(&self) -> Types {
        Types::of(self.number_in_queue())
    }

    pub(super) const fn number_in_queue(&self) -> u32 {
        if self.is_pipelined() { 0 } else { (self.number % PER_QUEUE) as u32 }
    }

    /// Returns whether the client has a queue of its own, with several requests under way.
    pub(super) const fn is_pipelined(&self) -> bool {
        self.depth > 1
    }
}

impl ServerState {
    pub(super) fn new(meeting: Queue, make: MakeQueue, handler: Box<dyn Handler>) -> Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        Ok(Self {
            meeting,
            handler,
            longest: meeting.longest_text()?,
            stopping: CancelToken::new(),
            wake_reaper: EventFd::from_value_and_flags(0, flags).call("eventfd")?,
            slots: Mutex::new(Slots {
                taken: Vec::new(),
                queues: Queues::new(meeting, make),
                next_session: random(),
            }),
            freed: Condvar::new(),
        })
    }

    pub(super) fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the state of a server that returns every request.
    #[cfg(test)]
    pub(super) fn echo(meeting: Queue) -> Self {
        let echo = |request: &[u8]| request.to_vec();
        Self::new(meeting, Box::new(Queue::crash_safe_maker()), Box::new(echo)).unwrap()
    }

    /// Gives `client` the lowest free slot. A client that has died in the meantime gets a slot, too: the reaper takes
    /// care of it.
    pub(super) fn take_slot(
        &self,
        Join { client, welcome, depth }: Join,
    ) -> std::result::Result<Slot, Refusal> {
        let mut slots = self.slots();
        let known = slots.taken.iter().flatten().find(|slot| slot.client == client);
        let process = match known {
            Some(slot) => Arc::clone(&slot.process),
            None => Arc::new(PeerProcess::watch(client).map_err(|_| Refusal::Descriptors)?),
        };
        let number = slots.taken.iter().position(Option::is_none).unwrap_or(slots.taken.len());
        if number >= SLOTS {
            return Err(Refusal::Slots);
        }
        let queue = if depth > 1 { slots.queues.for_one()? } else { slots.queues.of_slot(number)? };
        let session = slots.next_session;
        slots.next_session = session.wrapping_add(1);
        let slot = Slot {
            number,
            queue,
            depth: usize::from(depth),
            session,
            client,
            welcome,
            process,
            cancel: CancelToken::new(),
            unread: Arc::default(),
            rejected: Arc::default(),
            dead: false,
        };
        // Removes an answer that came too late for the previous client. The session itself drains what that client sent.
        // If this fails, the queue was removed just now, and the session ends at once.
        let _ = drain(queue, slot.types().outbound);
        if number == slots.taken.len() {
            slots.taken.push(None);
        }
        slots.taken[number] = Some(slot.clone());
        drop(slots);
        let _ = self.wake_reaper.write(1); // this fails only after so many writes that the reaper looks anyway
        Ok(slot)
    }

    /// Frees the slot: its client will never use its types again, and another may.
    pub(super) fn free(&self, slot: &Slot) {
        let mut slots = self.slots();
        if slot.is_pipelined() {
            slots.queues.give_back(slot.queue);
        }
        slots.taken[slot.number] = None;
        drop(slots);
        self.freed.notify_all();
    }

    /// Returns whether the reaper has found the client dead.
    pub(super) fn is_dead(&self, slot: &Slot) -> bool {
        self.slots().taken[slot.number].as_ref().is_some_and(|slot| slot.dead)
    }

    /// Returns the processes that have clients here and are not known to have ended: each once.
    pub(super) fn processes(&self) -> Vec<Arc<PeerProcess>> {
        let mut processes: Vec<_> = {
            let slots = self.slots();
            let alive = slots.taken.iter().flatten().filter(|slot| !slot.dead);
            alive.map(|slot| Arc::clone(&slot.process)).collect()
        };
        processes.sort_by_key(Arc::as_ptr);
        processes.dedup_by_key(|process| Arc::as_ptr(process));
        processes
    }

    /// Marks all clients of `process` as dead, and ends their threads.
    pub(super) fn mark_dead(&self, process: &Arc<PeerProcess>) {
        for slot in self.slots().taken.iter_mut().flatten().filter(|slot| Arc::ptr_eq(&slot.process, process))
        {
            slot.dead = true;
            slot.cancel.cancel();
        }
    }

    /// Ends the threads of all clients, and waits until they have ended.
    pub(super) fn end_sessions(&self) {
        let mut slots = self.slots();
        slots.taken.iter().flatten().for_each(|slot| slot.cancel.cancel());
        while slots.taken.iter().any(Option::is_some) {
            slots = self.freed.wait(slots).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Returns the number of slots taken.
    pub(super) fn clients(&self) -> usize {
        self.slots().taken.iter().flatten().count()
    }

    /// Reports an event to the handler. A panic there goes no further: this thread still has to free a slot, or to accept
    /// others.
    pub(super) fn notify(&self, event: Event) {
        let _ = catch_unwind(AssertUnwindSafe(|| self.handler.notice(event)));
    }
}

/// Removes the messages of type `kind`: only those present now, so that a steady sender cannot keep it busy.
pub(super) fn drain(queue: Queue, kind: MessageType) -> Result<()> {
    let mut message = Message::truncating(0);
    for _ in 0..queue.stat()?.messages {
        if queue.try_recv(kind, &mut message)?.is_none() {
            break;
        }
    }
    Ok(())
}

/// Tells a process waiting for a message of type `kind` that none will come. Without a text it always fits.
pub(super) fn reject(queue: Queue, kind: MessageType) -> Result<()> {
    queue.try_send(&Message::new(kind, &[])).map(drop)
}

#[cfg(test)]
mod tests {
    use ipc_core::process::Namespaces;

    use super::super::wire::Welcome;
    use super::*;
    use crate::Settings;
    use crate::server::accept;

    /// A client that comes when all slots are taken is rejected; a free slot is used again, for a new session.
    #[test]
    fn the_number_of_slots_is_limited() {
        let queue = Queue::private(0o600).unwrap().owned();
        let state = Arc::new(ServerState::echo(*queue));
        let welcome = super::super::wire::fresh_type();
        let join = Join { welcome, depth: 1, client: ProcessId::current().unwrap() };
        let numbers = (0..SLOTS).map(|_| state.take_slot(join).unwrap().number);
        assert!(numbers.eq(0..SLOTS));
        assert_eq!(state.take_slot(join).unwrap_err(), Refusal::Slots);
        accept(&state, join).unwrap();
        let mut told = Message::with_capacity(100);
        assert!(queue.try_recv(welcome, &mut told).unwrap().is_some());
        assert_eq!(told.text(), [Refusal::Slots as u8]);

        let slot = state.slots().taken[7].clone().unwrap();
        state.free(&slot);
        assert_eq!(state.clients(), SLOTS - 1);
        let again = state.take_slot(join).unwrap();
        assert_eq!((again.number, again.session), (7, slot.session.wrapping_add(SLOTS as u64 - 7)));
    }

    /// A client whose end could not be noticed is told which server this is, or at least that it is rejected.
    #[test]
    fn a_client_of_other_namespaces_gets_no_slot() {
        let queue = Queue::private(0o600).unwrap().owned();
        let state = Arc::new(ServerState::echo(*queue));
        let me = ProcessId::current().unwrap();
        let elsewhere = ProcessId { namespaces: Namespaces::from_bits(!me.namespaces.to_bits()), ..me };
        let welcome = super::super::wire::fresh_type();
        let mut told = Message::with_capacity(100);
        let mut answer = |capacity| {
            queue.set(&Settings { capacity: Some(capacity), ..Settings::default() }).unwrap();
            accept(&state, Join { welcome, depth: 1, client: elsewhere }).unwrap();
            assert_eq!(queue.try_recv(welcome, &mut told).unwrap(), Some(()));
            Welcome::decode(told.text())
        };
        assert_eq!(answer(100), Some(Welcome { session: 0, slot: 0, queue: *queue, server: me }));
        assert_eq!(answer(1), None, "room for no more than an empty message");
        assert_eq!(state.clients(), 0);
    }
}
