//! Back-pressure: reclaiming room from answers that their clients do not take.
//!
//! One answer to each client, or its welcome, may stay in the queue until its client receives it. A stopped client
//! never does, and a few long answers fill a queue. So a sender that lacks room reports it: a client with an empty
//! message to its thread (before it has one, to the accept loop), which always fits; a client's thread by a direct call.
//! Then the answers in that queue that are older than [`UNREAD_FOR`] are taken back, and their clients are rejected.
//! While there is room for all, no client is rejected.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Event;
use super::state::{ServerState, Slot, reject};
use crate::{Message, MessageType, Queue};

/// The time that an answer may stay in the queue while another sender lacks room, or after the server has stopped.
pub(super) const UNREAD_FOR: Duration = Duration::from_secs(1);

impl ServerState {
    /// Takes old answers out of `queue` again, for a sender that lacks room there.
    pub(super) fn reclaim_room(&self, queue: Queue) {
        let mut rejected = Vec::new();
        // All under the lock of the slots: no slot is freed meanwhile, so no other client's answer is taken.
        let mut slots = self.slots();
        if !slots.queues.is_reclaim_due(queue) {
            return;
        }
        for slot in slots.taken.iter().flatten() {
            if let Some(kind) = slot.take_back(queue)
                && !slot.rejected.swap(true, Ordering::SeqCst)
            {
                let _ = reject(queue, kind); // this fails only if the queue is gone
                rejected.push(slot.client);
            }
        }
        drop(slots);
        for client in rejected {
            self.notify(Event::Rejected(client));
        }
    }
}

/// An answer, or a welcome, that its client may not have taken yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unread {
    pub(super) since: Instant,
    pub(super) queue: Queue,
    pub(super) kind: MessageType,
}

impl Slot {
    /// Returns its last answer, unless it has sent a message since. The guard keeps the answer from being replaced by a
    /// new one.
    pub(super) fn unread(&self) -> MutexGuard<'_, Option<Unread>> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the answer, or the welcome, out of `queue` again if it is there and too old. Returns its type.
    fn take_back(&self, queue: Queue) -> Option<MessageType> {
        let mut unread = self.unread();
        let Unread { kind, .. } =
            unread.filter(|unread| unread.queue == queue && unread.since.elapsed() >= UNREAD_FOR)?;
        *unread = None; // taken by the client long ago, or by us now
        matches!(queue.try_recv(kind, &mut Message::truncating(0)), Ok(Some(()))).then_some(kind)
    }
}

#[cfg(test)]
mod tests {
    use ipc_core::process::ProcessId;

    use super::super::wire::{Join, fresh_type};
    use super::*;

    /// An answer is taken back once, when it is old enough and in the queue that lacks room; the word that its client is
    /// rejected stays.
    #[test]
    fn an_answer_is_taken_back_once() {
        let queue = Queue::private(0o600).unwrap().owned();
        let state = ServerState::echo(*queue);
        let join = Join { welcome: fresh_type(), depth: 1, client: ProcessId::current().unwrap() };
        let slot = state.take_slot(join).unwrap();
        let kind = slot.types().outbound;
        queue.send(&Message::new(kind, b"answer")).unwrap();
        let started = Instant::now();
        let (later, ago) =
            (started + Duration::from_secs(60), started.checked_sub(Duration::from_secs(60)).unwrap());
        let elsewhere = Queue::from_id(crate::QueueId::new(-1));
        let look = |last_look: Instant, unread: Option<(Queue, Instant)>| {
            if let Some((queue, since)) = unread {
                *slot.unread() = Some(Unread { since, queue, kind });
            }
            state.slots().queues.set_last_reclaim(last_look);
            state.reclaim_room(*queue);
            (queue.stat().unwrap().bytes, slot.rejected.load(Ordering::SeqCst))
        };
        assert_eq!(look(ago, None), (6, false), "being made");
        assert_eq!(look(ago, Some((*queue, later))), (6, false), "too new");
        assert_eq!(look(ago, Some((elsewhere, ago))), (6, false), "in another queue");
        assert_eq!(look(later, Some((*queue, ago))), (6, false), "looked at just now");
        for _ in 0..2 {
            assert_eq!(look(ago, None), (0, true));
            assert_eq!(queue.stat().unwrap().messages, 1, "the word that it is out");
        }
        assert!(!state.slots().queues.is_reclaim_due(*queue), "the next look is due later");
        let mut out = Message::with_capacity(8);
        assert_eq!(queue.try_recv(kind, &mut out).unwrap(), Some(()));
        assert_eq!(out.text(), b"");
    }
}
