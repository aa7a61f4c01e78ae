//! Room that is kept by answers which nobody takes.
//!
//! One answer of each client, or its welcome, may be in the queue, for as long as its client takes to receive it. A client that is
//! stopped takes for ever; and a few long answers fill a queue. So whoever lacks room says so: a client with an empty
//! message at the door, which always fits, and a client's thread by itself. Then answers that have been there for
//! [`UNREAD_FOR`] are taken back, and their clients are refused. While there is room for all, nobody is.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Event;
use super::hall::{Hall, Seat};
use super::wire::Types;
use crate::{Message, MessageType, Queue};

/// How long an answer may stay in the queue while somebody lacks room.
const UNREAD_FOR: Duration = Duration::from_secs(1);

/// How often to look for such answers at most, however many lack room.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl Hall {
    /// Somebody lacks room.
    pub(super) fn make_room(&self) {
        {
            let mut made_room = self.made_room.lock().unwrap_or_else(PoisonError::into_inner);
            if made_room.elapsed() < LOOK_EVERY {
                return;
            }
            *made_room = Instant::now();
        }
        let mut refused = Vec::new();
        // All under the lock of the seats: while it is held none is freed, and so no other's answer is taken.
        for seat in self.seats().taken.iter().flatten() {
            if let Some(kind) = seat.take_back(self.queue)
                && !seat.refused.swap(true, Ordering::SeqCst)
            {
                let _ = self.turn_out(kind); // it fails only with the queue
                refused.push(seat.client);
            }
        }
        for client in refused {
            self.tell(Event::Refused(client));
        }
    }
}

impl Seat {
    /// When it was answered, unless it has sent something since. Who holds the lock keeps the answer from being
    /// replaced by a new one.
    pub(super) fn answered(&self) -> MutexGuard<'_, Option<Instant>> {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the answer, or the welcome, out of the queue again if it has been there for long. Returns its type.
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
