//! The classic: one slot in each direction, handed back and forth by semaphores.
//!
//! ```text
//!   sender                          receiver
//!   take free   (sleeps while 0)    take full   (sleeps while 0)
//!   write the slot                  read the slot
//!   give full                       give free
//! ```
//!
//! Each side makes two system calls per message, and at most one message is under way in each direction: lock-step. The
//! [ring](ipc_core::ring) needs no calls while both sides are awake.

mod place;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ipc_core::ownership::OwnershipLock;
use ipc_core::ring::{Attachment, data_offset};
use ipc_core::{Deadline, Endpoint, Error, Receiver, Result, Sender, Split};

use crate::Key;
use crate::semaphore_array::{SemaphoreArray, Undo, free, full, present};
use crate::sys::Attached;
use place::Place;

/// The longest message: 1 MiB, as in the ring.
pub(crate) const MAX_MESSAGE: usize = ipc_core::ring::MAX_MESSAGE;

// Offsets in a slot.
const LEN: usize = 0;
const NUMBER: usize = 8;
const PAYLOAD: usize = 128;

/// The offset of the semaphores' key: after the header of the owner's slot.
const KEY_AT: usize = data_offset(0) + 16;

/// Writes the semaphores' key where the other side will look for it.
pub(crate) fn publish_key(memory: &Attached, key: Key) {
    memory.word(KEY_AT).store(key.get().cast_unsigned().into(), Ordering::Relaxed);
}

/// Reads the key that the owner wrote; it may be any number.
pub(crate) fn published_key(memory: &Attached) -> Result<Key> {
    let key = memory.word(KEY_AT).load(Ordering::Relaxed) as u32;
    Key::new(key.cast_signed()).ok_or(Error::Corrupt("the key of the semaphores is 0"))
}

/// One end of a lock-step link.
#[derive(Debug)]
pub struct LockStep {
    // Dropped in this order: the peer learns first that nothing more will come.
    sender: LockStepSender,
    receiver: LockStepReceiver,
}

/// The half of a [`LockStep`] link that sends.
#[derive(Debug)]
pub struct LockStepSender {
    place: Arc<Place>,
    /// The number of messages sent; also the number of the next one.
    sent: u64,
}

/// The half of a [`LockStep`] link that receives.
#[derive(Debug)]
pub struct LockStepReceiver {
    place: Arc<Place>,
    received: u64,
    /// True if we have taken "full" for a message and not read it yet.
    taken: bool,
}

impl LockStep {
    /// Starts a link at `attachment`. This side must be [`sign_in`](Self::sign_in)ed.
    pub(crate) fn new(
        attachment: Attachment<Attached>,
        semaphores: SemaphoreArray,
        ownership: Option<OwnershipLock>,
    ) -> Self {
        let place = Arc::new(Place::new(attachment, semaphores, ownership));
        Self {
            sender: LockStepSender { place: Arc::clone(&place), sent: 0 },
            receiver: LockStepReceiver { place, received: 0, taken: false },
        }
    }

    /// Marks `side` as present. The kernel removes the mark when this process ends, even by `SIGKILL`: this is a right
    /// use of `SEM_UNDO`.
    pub(crate) fn sign_in(semaphores: SemaphoreArray, side: usize) -> Result<()> {
        semaphores.give(present(side), Undo::AtExit)
    }

    /// Returns the semaphores, to inspect them, or to damage them in a test.
    #[must_use]
    pub fn semaphores(&self) -> SemaphoreArray {
        self.sender.place.semaphores
    }

    /// Returns the memory itself.
    #[must_use]
    pub fn memory(&self) -> &Attached {
        self.sender.place.memory()
    }
}

// ANCHOR: lock_step
impl LockStepSender {
    fn write(&mut self, message: &[u8], deadline: Deadline) -> Result<Option<()>> {
        if message.len() > MAX_MESSAGE {
            return Err(Error::TooLarge { len: message.len(), max: MAX_MESSAGE });
        }
        let Self { place, sent } = self;
        place.unless_broken(|| {
            let ended = Attachment::peer_receives_no_more;
            if !ended(&place.attachment)? && !place.take(free(place.mine()), deadline, ended)? {
                return Ok(None);
            }
            if place.has_left(ended)? {
                return Err(Error::Disconnected); // the end of a receiver raises "free" once more, to wake us
            }
            let (slot, memory) = (data_offset(place.mine()), place.memory());
            *sent += 1;
            memory.copy_in(slot + PAYLOAD, message);
            memory.word(slot + LEN).store(message.len() as u64, Ordering::Relaxed);
            memory.word(slot + NUMBER).store(*sent, Ordering::Release);
            place.give(full(place.mine()))?;
            Ok(Some(()))
        })
    }
}

impl LockStepReceiver {
    fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<Option<usize>> {
        let Self { place, received, taken } = self;
        place.unless_broken(|| {
            let ended = Attachment::peer_sends_no_more;
            // In this order: what the peer sent before it left is found after we know that it left.
            let left = ended(&place.attachment)?;
            let deadline = if left { Deadline::Now } else { deadline };
            if !*taken && !place.take(full(place.peers()), deadline, ended)? {
                return if left { Err(Error::Disconnected) } else { Ok(None) };
            }
            *taken = true;
            let (slot, memory) = (data_offset(place.peers()), place.memory());
            if memory.word(slot + NUMBER).load(Ordering::Acquire) != *received + 1 {
                let left = place.has_left(ended)?; // the end of a sender raises "full" once more, to wake us
                let broken = Error::Corrupt("a full slot without the next message");
                return Err(if left { Error::Disconnected } else { broken });
            }
            // Read once: the peer may change it between a check and a use.
            let len = memory.word(slot + LEN).load(Ordering::Relaxed);
            if len > MAX_MESSAGE as u64 {
                return Err(Error::Corrupt("a message longer than its slot"));
            }
            let len = len as usize;
            if len > buffer.len() {
                return Err(Error::BufferTooSmall { needed: len }); // still taken: kept
            }
            memory.copy_out(slot + PAYLOAD, &mut buffer[..len]);
            *received += 1;
            *taken = false;
            let _ = place.give(free(place.peers())); // the message is good; the next call reports the failure
            Ok(Some(len))
        })
    }
}
// ANCHOR_END: lock_step

const BLOCKING: &str = "a call without a deadline waits until it is done";

impl Split for LockStep {
    type Sender = LockStepSender;
    type Receiver = LockStepReceiver;

    fn sender(&mut self) -> &mut LockStepSender {
        &mut self.sender
    }

    fn receiver(&mut self) -> &mut LockStepReceiver {
        &mut self.receiver
    }

    fn split(self) -> (LockStepSender, LockStepReceiver) {
        (self.sender, self.receiver)
    }
}

impl Endpoint for LockStep {
    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }
}

impl Endpoint for LockStepSender {
    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }
}

impl Endpoint for LockStepReceiver {
    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }
}

impl Sender for LockStepSender {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.write(message, Deadline::Never).map(|sent| sent.expect(BLOCKING))
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.write(message, Deadline::after(timeout))
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.write(message, Deadline::Now)
    }

    /// Checks the semaphores: the peer's mark of presence is gone when the peer is.
    fn check_receiver(&mut self) -> Result<()> {
        self.place.check_peer(self.place.attachment.peer_receives_no_more())
    }
}

impl Receiver for LockStepReceiver {
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.read(buffer, Deadline::Never).map(|len| len.expect(BLOCKING))
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        self.read(buffer, Deadline::after(timeout))
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.read(buffer, Deadline::Now)
    }

    /// Checks the semaphores: the peer's mark of presence is gone when the peer is.
    fn check_sender(&mut self) -> Result<()> {
        self.place.check_peer(self.place.attachment.peer_sends_no_more())
    }
}

/// Wakes the peer's receiver, which may sleep until the slot is full.
impl Drop for LockStepSender {
    fn drop(&mut self) {
        self.place.attachment.end_sending();
        let _ = self.place.semaphores.give(full(self.place.mine()), Undo::Never); // a failure cannot be reported
    }
}

/// Wakes the peer's sender, which may sleep until the slot is free.
impl Drop for LockStepReceiver {
    fn drop(&mut self) {
        self.place.attachment.end_receiving();
        let _ = self.place.semaphores.give(free(self.place.peers()), Undo::Never); // likewise
    }
}

#[cfg(test)]
mod tests;
