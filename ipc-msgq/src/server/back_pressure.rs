//! Back-pressure: reclaiming room from answers that their clients do not take.
//!
//! One answer to each client, or its welcome, may stay in the queue until its client receives it. A stopped client
//! never does, and a few long answers fill a queue. So a sender that lacks room reports it: a client with an empty
//! message to the accept loop, which always fits; a client's thread by a direct call. Then answers older than
//! [`UNREAD_FOR`] are taken back, and their clients are rejected. While there is room for all, no client is rejected.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Event;
use super::state::{ServerState, Slot};
use super::wire::Types;
use crate::{Message, MessageType, Queue};

/// The time that an answer may stay in the queue while another sender lacks room.
const UNREAD_FOR: Duration = Duration::from_secs(1);

/// The shortest interval between two searches for such answers, however many senders lack room.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl ServerState {
    /// Takes old answers back, for a sender that lacks room.
    pub(super) fn reclaim_room(&self) {
        {
            let mut last = self.last_reclaim.lock().unwrap_or_else(PoisonError::into_inner);
            if last.elapsed() < LOOK_EVERY {
                return;
            }
            *last = Instant::now();
        }
        let mut rejected = Vec::new();
        // All under the lock of the slots: no slot is freed meanwhile, so no other client's answer is taken.
        for slot in self.slots().taken.iter().flatten() {
            if let Some(kind) = slot.take_back(self.queue)
                && !slot.rejected.swap(true, Ordering::SeqCst)
            {
                let _ = self.reject(kind); // this fails only if the queue is gone
                rejected.push(slot.client);
            }
        }
        for client in rejected {
            self.notify(Event::Rejected(client));
        }
    }
}

impl Slot {
    /// Returns the time of its last answer, unless it has sent a message since. The guard keeps the answer from being
    /// replaced by a new one.
    pub(super) fn answered_at(&self) -> MutexGuard<'_, Option<Instant>> {
        self.answered_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the answer, or the welcome, out of the queue again if it is too old. Returns its type.
    fn take_back(&self, queue: Queue) -> Option<MessageType> {
        let mut answered_at = self.answered_at();
        if answered_at.is_none_or(|since| since.elapsed() < UNREAD_FOR) {
            return None;
        }
        *answered_at = None; // taken by the client long ago, or by us now
        let mut kinds = [self.welcome, Types::of(self.number).outbound].into_iter();
        kinds.find(|kind| matches!(queue.try_recv(*kind, &mut Message::truncating(0)), Ok(Some(()))))
    }
}

#[cfg(test)]
mod tests {
    use ipc_core::process::ProcessId;

    use super::super::wire::{Join, fresh_type};
    use super::*;

    /// An answer is taken back once, when it is old enough; the word that its client is rejected stays.
    #[test]
    fn an_answer_is_taken_back_once() {
        let queue = Queue::private(0o600).unwrap().owned();
        let state = ServerState::new(*queue, Box::new(|request: &[u8]| request.to_vec())).unwrap();
        let join = Join { welcome: fresh_type(), client: ProcessId::current().unwrap() };
        let slot = state.take_slot(join).unwrap().unwrap();
        let answers = Types::of(slot.number).outbound;
        queue.send(&Message::new(answers, b"answer")).unwrap();
        let started = Instant::now();
        let (later, ago) = (started + Duration::from_secs(60), |time| started.checked_sub(time).unwrap());
        let look = |last_look: Instant| {
            *state.last_reclaim.lock().unwrap() = last_look;
            state.reclaim_room();
            assert!(*state.last_reclaim.lock().unwrap() >= started, "the next look is due later");
            (queue.stat().unwrap().bytes, slot.rejected.load(Ordering::SeqCst))
        };
        assert_eq!(look(ago(LOOK_EVERY)), (6, false), "being made");
        *slot.answered_at() = Some(later);
        assert_eq!(look(ago(LOOK_EVERY)), (6, false), "too new");
        *slot.answered_at() = Some(ago(UNREAD_FOR));
        assert_eq!(look(later), (6, false), "looked at just now");
        for _ in 0..2 {
            assert_eq!(look(ago(LOOK_EVERY)), (0, true));
            assert_eq!(queue.stat().unwrap().messages, 1, "the word that it is out");
        }
        let mut out = Message::with_capacity(8);
        assert_eq!(queue.try_recv(answers, &mut out).unwrap(), Some(()));
        assert_eq!(out.text(), b"");
    }
}
