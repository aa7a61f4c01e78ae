//! The state that the threads of a server share: the queue and the slots of its clients.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ipc_core::process::{PeerProcess, ProcessId};
use ipc_core::{Call, Result, random};
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::wire::{Join, Types};
use super::{Event, Handler};
use crate::{CancelToken, Message, MessageType, Queue};

/// The highest number of clients. Further ones are rejected.
const SLOTS: usize = 4096;

pub(super) struct ServerState {
    pub(super) queue: Queue,
    pub(super) handler: Box<dyn Handler>,
    /// The longest message, in bytes.
    pub(super) longest: usize,
    /// Ends the accept loop and the reaper.
    pub(super) stopping: CancelToken,
    /// Makes the reaper look again.
    pub(super) wake_reaper: EventFd,
    /// The time of the last search for answers that clients do not take.
    pub(super) last_reclaim: Mutex<Instant>,
    slots: Mutex<Slots>,
    /// Signalled when a slot has become free.
    freed: Condvar,
}

pub(super) struct Slots {
    pub(super) taken: Vec<Option<Slot>>,
    /// Starts at a random number: clients of an earlier server at this queue may still be running.
    next_session: u64,
}

/// A client's slot.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) number: u32,
    pub(super) session: u64,
    pub(super) client: ProcessId,
    /// The type of its welcome.
    pub(super) welcome: MessageType,
    /// The process of the client, shared by all its clients.
    process: Arc<PeerProcess>,
    /// Ends its thread, whatever that is waiting for.
    pub(super) cancel: CancelToken,
    /// The time at which its answer, or its welcome, was put into the queue, as far as its thread knows.
    pub(super) answered_at: Arc<Mutex<Option<Instant>>>,
    /// The client is rejected: it has been told so, and what it sends is discarded.
    pub(super) rejected: Arc<AtomicBool>,
    /// The reaper has found that its process has ended.
    dead: bool,
}

impl ServerState {
    pub(super) fn new(queue: Queue, handler: Box<dyn Handler>) -> Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        Ok(Self {
            queue,
            handler,
            longest: queue.longest_text()?,
            stopping: CancelToken::new(),
            wake_reaper: EventFd::from_value_and_flags(0, flags).call("eventfd")?,
            last_reclaim: Mutex::new(Instant::now()),
            slots: Mutex::new(Slots { taken: Vec::new(), next_session: random() }),
            freed: Condvar::new(),
        })
    }

    pub(super) fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives `client` a slot; returns `None` if there is none. A client that has died in the meantime gets a slot, too:
    /// the reaper takes care of it.
    pub(super) fn take_slot(&self, Join { client, welcome }: Join) -> Result<Option<Slot>> {
        let mut slots = self.slots();
        let known = slots.taken.iter().flatten().find(|slot| slot.client == client);
        let process = match known {
            Some(slot) => Arc::clone(&slot.process),
            None => Arc::new(PeerProcess::watch(client)?),
        };
        let number = slots.taken.iter().position(Option::is_none).unwrap_or(slots.taken.len());
        if number >= SLOTS {
            return Ok(None);
        }
        let number = number as u32; // below SLOTS
        // Removes an answer that came too late for the previous client. The new session drains what that client sent.
        self.drain(Types::of(number).outbound)?;
        let session = slots.next_session;
        slots.next_session = session.wrapping_add(1);
        let slot = Slot {
            number,
            session,
            client,
            welcome,
            process,
            cancel: CancelToken::new(),
            answered_at: Arc::default(),
            rejected: Arc::default(),
            dead: false,
        };
        if number as usize == slots.taken.len() {
            slots.taken.push(None);
        }
        slots.taken[number as usize] = Some(slot.clone());
        drop(slots);
        let _ = self.wake_reaper.write(1); // this fails only after so many writes that the reaper looks anyway
        Ok(Some(slot))
    }

    /// Frees the slot: its client will never use its types again, and another may.
    pub(super) fn free(&self, slot: &Slot) {
        self.slots().taken[slot.number as usize] = None;
        self.freed.notify_all();
    }

    /// Returns whether the reaper has found the client dead.
    pub(super) fn is_dead(&self, slot: &Slot) -> bool {
        self.slots().taken[slot.number as usize].as_ref().is_some_and(|slot| slot.dead)
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

    /// Removes the messages of type `kind`: only those present now, so that a steady sender cannot keep it busy.
    pub(super) fn drain(&self, kind: MessageType) -> Result<()> {
        let mut message = Message::truncating(0);
        for _ in 0..self.queue.stat()?.messages {
            if self.queue.try_recv(kind, &mut message)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Tells a process waiting for a message of type `kind` that none will come. Without a text it always fits.
    pub(super) fn reject(&self, kind: MessageType) -> Result<()> {
        self.queue.try_send(&Message::new(kind, &[])).map(drop)
    }

    /// Reports an event to the handler.
    pub(super) fn notify(&self, event: Event) {
        self.handler.notice(event);
    }
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
        let state = Arc::new(ServerState::new(*queue, Box::new(|request: &[u8]| request.to_vec())).unwrap());
        let welcome = super::super::wire::fresh_type();
        let join = Join { welcome, client: ProcessId::current().unwrap() };
        let numbers = (0..SLOTS).map(|_| state.take_slot(join).unwrap().unwrap().number as usize);
        assert!(numbers.eq(0..SLOTS));
        assert!(state.take_slot(join).unwrap().is_none());
        accept(&state, join).unwrap();
        let mut told = Message::with_capacity(100);
        assert!(queue.try_recv(welcome, &mut told).unwrap().is_some() && told.text().is_empty());

        let slot = state.slots().taken[7].clone().unwrap();
        state.free(&slot);
        assert_eq!(state.clients(), SLOTS - 1);
        let again = state.take_slot(join).unwrap().unwrap();
        assert_eq!((again.number, again.session), (7, slot.session.wrapping_add(SLOTS as u64 - 7)));
    }

    /// A client whose end could not be noticed is told which server this is, or at least that it is rejected.
    #[test]
    fn a_client_of_other_namespaces_gets_no_slot() {
        let queue = Queue::private(0o600).unwrap().owned();
        let state = Arc::new(ServerState::new(*queue, Box::new(|request: &[u8]| request.to_vec())).unwrap());
        let me = ProcessId::current().unwrap();
        let elsewhere = ProcessId { namespaces: Namespaces::from_bits(!me.namespaces.to_bits()), ..me };
        let welcome = super::super::wire::fresh_type();
        let mut told = Message::with_capacity(100);
        let mut answer = |capacity| {
            queue.set(&Settings { capacity: Some(capacity), ..Settings::default() }).unwrap();
            accept(&state, Join { welcome, client: elsewhere }).unwrap();
            assert_eq!(queue.try_recv(welcome, &mut told).unwrap(), Some(()));
            Welcome::decode(told.text())
        };
        assert_eq!(answer(100), Some(Welcome { session: 0, slot: 0, server: me }));
        assert_eq!(answer(1), None, "room for no more than an empty message");
        assert_eq!(state.clients(), 0);
    }
}
