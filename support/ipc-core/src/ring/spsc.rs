//! The agreement between one sender and one receiver about which of them may touch which bytes. No byte is copied here.
//!
//! A position counts bytes since the beginning and only grows. Each side keeps its own in private memory and never reads
//! it back from where the other could change it.
//!
//! A record changes hands by its [header](super::record): the receiver polls the one at its position, and takes the
//! record once there is one. So the cache line that announces a message is the line in which the message begins: one line
//! less has to travel from core to core than if the sender announced its position somewhere else. Old bytes never pass
//! for a header, since the sender, before it hands over a record, stores [`NOTHING`] where the next will begin.
//!
//! A batch changes hands as a whole, by the header of its first record, which the sender stores last. Behind that header
//! all others lie ready, and until then the receiver gets to none of them.
//!
//! The room changes hands by the receiver's position: it *releases* what it has read. The sender reads that position,
//! which is in the other's cache, only when its own view of it leaves no room: `released ≤ position < released + CAPACITY`.

use super::atomic::Ordering;
use super::layout::{CAPACITY, MAX_MESSAGE, Ring};
use super::memory::{Memory, Region};
use super::record::{self, HEADER, NOTHING};
use crate::{Error, Result};

/// The sending side's private view of a ring.
#[derive(Debug)]
pub(super) struct Sender {
    /// The number of the ring.
    ring: usize,
    /// The position of the next record.
    position: u64,
    /// The last seen position of the receiver.
    released: u64,
    /// The records that are not handed over yet.
    batch: Batch,
}

/// Records whose first one has no header yet.
#[derive(Debug, Default)]
struct Batch {
    /// The position of the first one.
    start: u64,
    /// The header of the first one.
    header: u64,
    count: usize,
}

impl Sender {
    /// Returns the view of ring number `ring` at its beginning.
    pub(super) fn new(ring: usize) -> Self {
        Self { ring, position: 0, released: 0, batch: Batch::default() }
    }

    /// Returns the ring's words in the first page.
    pub(super) fn ring<'a, M: Memory>(&self, region: &'a Region<M>) -> &'a Ring {
        &region.control().rings[self.ring]
    }

    /// Returns whether a message of `len` bytes may be written, with room for the header after it, as far as is known.
    #[inline]
    pub(super) const fn has_room(&self, len: usize) -> bool {
        len <= MAX_MESSAGE && self.room() >= record::size(len) + HEADER
    }

    /// Looks how far the receiver is, and returns whether there [is room](Self::has_room) now.
    pub(super) fn find_room<M: Memory>(&mut self, region: &Region<M>, len: usize) -> Result<bool> {
        if len > MAX_MESSAGE {
            return Err(Error::TooLarge { len, max: MAX_MESSAGE });
        }
        // Acquire: the receiver has read the bytes before they are overwritten.
        let released = self.ring(region).released.bytes.load(Ordering::Acquire);
        let step = released.wrapping_sub(self.released);
        if step > self.batch.start - self.released || !released.is_multiple_of(HEADER) {
            return Err(Error::Corrupt("the receiver's position is impossible"));
        }
        self.released = released;
        Ok(self.has_room(len))
    }

    const fn room(&self) -> u64 {
        CAPACITY as u64 - (self.position - self.released)
    }

    /// Returns the offset in the segment where the bytes of the next message are to be written.
    #[inline]
    pub(super) const fn payload(&self) -> usize {
        record::payload(self.ring, self.position)
    }

    // ANCHOR: batch
    /// Adds the `len` bytes in the [`payload`](Self::payload), for which there [is room](Self::has_room), to the batch.
    #[inline]
    pub(super) fn add<M: Memory>(&mut self, region: &Region<M>, len: usize) {
        if self.batch.count == 0 {
            self.batch.header = record::header(len);
        } else {
            let header = region.u64_at(record::offset(self.ring, self.position));
            header.store(record::header(len), Ordering::Relaxed);
        }
        self.batch.count += 1;
        self.position += record::size(len);
    }

    /// Hands the batch over to the receiver.
    #[inline]
    pub(super) fn publish<M: Memory>(&mut self, region: &Region<M>) {
        if self.batch.count == 0 {
            return;
        }
        let [first, next] = [self.batch.start, self.position]
            .map(|position| region.u64_at(record::offset(self.ring, position)));
        next.store(NOTHING, Ordering::Relaxed);
        // Release: a receiver that sees this header sees everything above.
        first.store(self.batch.header, Ordering::Release);
        self.batch = Batch { start: self.position, ..Batch::default() };
        self.ring(region).receiver.notify();
    }
    // ANCHOR_END: batch

    /// Returns the number of messages in the batch.
    pub(super) const fn unsent(&self) -> usize {
        self.batch.count
    }

    /// Returns the number of bytes that they take in the ring.
    pub(super) const fn batched(&self) -> u64 {
        self.position - self.batch.start
    }
}

/// The receiving side's private view of a ring.
#[derive(Debug)]
pub(super) struct Receiver {
    /// The number of the ring.
    ring: usize,
    /// The position up to which it has released.
    position: u64,
}

impl Receiver {
    /// Returns the view of ring number `ring` at its beginning.
    pub(super) const fn new(ring: usize) -> Self {
        Self { ring, position: 0 }
    }

    /// Returns the ring's words in the first page.
    pub(super) fn ring<'a, M: Memory>(&self, region: &'a Region<M>) -> &'a Ring {
        &region.control().rings[self.ring]
    }

    // ANCHOR: next
    /// Returns the header of the next message: see [`record::len`].
    #[inline]
    pub(super) fn next<M: Memory>(&self, region: &Region<M>) -> u64 {
        // Read only once: the peer may change it between a check and a use.
        // Acquire: the bytes of the message are visible too.
        region.u64_at(record::offset(self.ring, self.position)).load(Ordering::Acquire)
    }
    // ANCHOR_END: next

    /// Returns the offset in the segment of the next message's bytes.
    #[inline]
    pub(super) const fn payload(&self) -> usize {
        record::payload(self.ring, self.position)
    }

    /// Gives the room of the [`next`](Self::next) message, of `len` bytes, back to the sender.
    #[inline]
    pub(super) fn release<M: Memory>(&mut self, region: &Region<M>, len: usize) {
        self.position += record::size(len);
        // Release: our reads of the bytes come before the sender's next writes.
        self.ring(region).released.bytes.store(self.position, Ordering::Release);
        self.ring(region).sender.notify();
    }
}
