//! Reclaiming room from answers that no client takes.
//!
//! One answer to each client, or its welcome, may stay in the queue until its client receives it. A stopped client
//! never does, and a few long answers fill a queue. So a sender that lacks room reports it: a client with an empty
//! message at the door, which always fits; a client's thread by a direct call. Then answers older than [`UNREAD_FOR`]
//! are taken back, and their clients are refused. While there is room for all, no client is refused.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Event;
use super::hall::{Hall, Seat};
use super::wire::Types;
use crate::{Message, MessageType, Queue};

/// The time that an answer may stay in the queue while another sender lacks room.
const UNREAD_FOR: Duration = Duration::from_secs(1);

/// The shortest interval between two searches for such answers, however many senders lack room.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl Hall {
    /// Takes old answers back, for a sender that lacks room.
    pub(super) fn make_room(&self) {
        {
            let mut made_room = self.made_room.lock().unwrap_or_else(PoisonError::into_inner);
            if made_room.elapsed() < LOOK_EVERY {
                return;
            }
            *made_room = Instant::now();
        }
        let mut refused = Vec::new();
        // All under the lock of the seats: no seat is freed meanwhile, so no other client's answer is taken.
        for seat in self.seats().taken.iter().flatten() {
            if let Some(kind) = seat.take_back(self.queue)
                && !seat.refused.swap(true, Ordering::SeqCst)
            {
                let _ = self.turn_out(kind); // this fails only if the queue is gone
                refused.push(seat.client);
            }
        }
        for client in refused {
            self.tell(Event::Refused(client));
        }
    }
}

impl Seat {
    /// Returns the time of its last answer, unless it has sent a message since. The guard keeps the answer from being
    /// replaced by a new one.
    pub(super) fn answered(&self) -> MutexGuard<'_, Option<Instant>> {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the answer, or the welcome, out of the queue again if it is too old. Returns its type.
    fn take_back(&self, queue: Queue) -> Option<MessageType> {
        let mut answered = self.answered();
        if answered.is_none_or(|since| since.elapsed() < UNREAD_FOR) {
            return None;
        }
        *answered = None; // taken by the client long ago, or by us now
        let mut kinds = [self.welcome, Types::of(self.number).outbound].into_iter();
        kinds.find(|kind| matches!(queue.try_recv(*kind, &mut Message::truncating(0)), Ok(Some(()))))
    }
}
