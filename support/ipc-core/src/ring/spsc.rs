//! The agreement between one sender and one receiver about which of them may touch which bytes. No byte is copied here,
//! only positions.
//!
//! A position counts bytes since the beginning and only grows. The sender *publishes* up to its position, the
//! receiver *releases* up to its own: `released ≤ published ≤ released + CAPACITY`. Each side
//! - keeps its own position in private memory and never reads it back from where the other could change it,
//! - keeps the last value it saw of the other's, so that it touches the other's cache line only when that runs out,
//! - trusts nothing: a position that went backwards, or farther than possible, is [`Error::Corrupt`].

use super::atomic::Ordering;
use super::layout::{CAPACITY, Ring};
use crate::{Error, Result};

/// The alignment of records.
pub(super) const ALIGN: u64 = 8;

/// The length of a cache line.
const LINE: u64 = 64;

/// The distance for which the sender claims cache lines ahead: two messages of 64 bytes. More was not faster, less was
/// slower.
const CLAIM: u64 = 256;

/// The sending side's private view of a ring.
#[derive(Debug, Default)]
pub(super) struct Sender {
    /// The position up to which it has published.
    position: u64,
    /// The last seen position of the receiver: `position - CAPACITY <= released <= position`.
    released: u64,
    /// The position up to which the cache lines are already [claimed](Self::claim_lines).
    claimed: u64,
}

impl Sender {
    /// Returns the position of the next record.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    /// Returns whether the next `size` bytes may be written.
    #[inline]
    pub(super) fn has_room(&mut self, ring: &Ring, size: u64) -> Result<bool> {
        if self.room() >= size {
            return Ok(true);
        }
        // Acquire: the receiver has read the bytes before they are overwritten.
        let released = ring.released.bytes.load(Ordering::Acquire);
        let step = released.wrapping_sub(self.released);
        if step > self.position - self.released || !released.is_multiple_of(ALIGN) {
            return Err(Error::Corrupt("the receiver's position is impossible"));
        }
        self.released = released;
        Ok(self.room() >= size)
    }

    // ANCHOR: publish
    /// Hands the next `size` bytes to the receiver.
    #[inline]
    pub(super) fn publish(&mut self, ring: &Ring, size: u64) {
        self.position += size;
        // Release: a receiver that sees the position sees the bytes before it.
        ring.published.bytes.store(self.position, Ordering::Release);
        ring.receiver.notify();
    }
    // ANCHOR_END: publish

    // ANCHOR: claim_lines
    /// Returns the start of each cache line that the next short message will need and that is not ours yet. Write to
    /// them, any value, right after publishing.
    ///
    /// The receiver read those lines one round of the ring ago, so they are in its cache, and a first write has to take
    /// them away from there. Here that happens while we wait for an answer anyway; later it would happen while the
    /// receiver waits for us.
    #[inline]
    pub(super) fn claim_lines(&mut self) -> impl Iterator<Item = u64> + use<> {
        let from = self.claimed.max(self.position.next_multiple_of(LINE));
        let to = (self.position + CLAIM).min(self.released + CAPACITY as u64);
        self.claimed = from.max(to.next_multiple_of(LINE));
        (from..to).step_by(LINE as usize)
    }
    // ANCHOR_END: claim_lines

    const fn room(&self) -> u64 {
        CAPACITY as u64 - (self.position - self.released)
    }
}

/// The receiving side's private view of a ring.
#[derive(Debug, Default)]
pub(super) struct Receiver {
    /// The position up to which it has released.
    position: u64,
    /// The last seen position of the sender: `position <= published <= position + CAPACITY`.
    published: u64,
}

impl Receiver {
    /// Returns the position of the next record.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    // ANCHOR: available
    /// Returns how many of the next bytes may be read; 0 if nothing has arrived. Always whole records.
    #[inline]
    pub(super) fn available(&mut self, ring: &Ring) -> Result<u64> {
        if self.published == self.position {
            // Acquire: the bytes before the position are visible too.
            let published = ring.published.bytes.load(Ordering::Acquire);
            let step = published.wrapping_sub(self.published);
            if step > CAPACITY as u64 || !published.is_multiple_of(ALIGN) {
                return Err(Error::Corrupt("the sender's position is impossible"));
            }
            self.published = published;
        }
        Ok(self.published - self.position)
    }
    // ANCHOR_END: available

    /// Gives the next `size` bytes back to the sender. They must be [`available`](Self::available).
    #[inline]
    pub(super) fn release(&mut self, ring: &Ring, size: u64) {
        debug_assert!(size <= self.published - self.position);
        self.position += size;
        // Release: our reads of the bytes come before the sender's next writes.
        ring.released.bytes.store(self.position, Ordering::Release);
        ring.sender.notify();
    }
}
