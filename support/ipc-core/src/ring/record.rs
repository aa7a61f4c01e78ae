//! One message in the ring: its length in 8 bytes, its bytes, and up to 7 more so that the next begins aligned.
//!
//! A record is always contiguous. One that begins just before the end of the ring continues into the spare bytes behind
//! it, and the next begins where it would have ended had it wrapped around. The spare bytes serve one record at a time,
//! since two that cross the end cannot both be within one capacity. So no copy is split in two, and no marker has to
//! say "continue at the beginning".

use super::atomic::Ordering;
use super::layout::{CAPACITY, MAX_MESSAGE, data_offset};
use super::memory::{Memory, Region};
use super::spsc::{ALIGN, Receiver, Sender};
use crate::{Error, Result};

const HEADER: usize = size_of::<u64>();

/// Returns the number of bytes that a message of `len` bytes takes in the ring.
const fn record_size(len: usize) -> u64 {
    (HEADER as u64) + (len as u64).next_multiple_of(ALIGN)
}

/// Returns the offset in the segment of the record at `position` of ring `ring`.
const fn offset(ring: usize, position: u64) -> usize {
    data_offset(ring) + (position as usize & (CAPACITY - 1))
}

/// Returns whether there is room for a message of `len` bytes in ring `ring`.
#[inline]
pub(super) fn has_room<M: Memory>(
    region: &Region<M>,
    ring: usize,
    sender: &mut Sender,
    len: usize,
) -> Result<bool> {
    if len > MAX_MESSAGE {
        return Err(Error::TooLarge { len, max: MAX_MESSAGE });
    }
    sender.has_room(&region.control().rings[ring], record_size(len))
}

/// Returns the offset in the segment of the next message's bytes, to be written or read.
pub(super) const fn payload(ring: usize, position: u64) -> usize {
    offset(ring, position) + HEADER
}

/// Sends the `len` bytes in the [`payload`], for which there [is room](has_room).
#[inline]
pub(super) fn commit<M: Memory>(region: &Region<M>, ring: usize, sender: &mut Sender, len: usize) {
    region.u64_at(offset(ring, sender.position())).store(len as u64, Ordering::Relaxed);
    sender.publish(&region.control().rings[ring], record_size(len));
    for position in sender.claim_lines() {
        region.u64_at(offset(ring, position)).store(0, Ordering::Relaxed);
    }
}

/// Returns the length of the next message of ring `ring`; `None` if there is none now.
#[inline]
pub(super) fn next<M: Memory>(
    region: &Region<M>,
    ring: usize,
    receiver: &mut Receiver,
) -> Result<Option<usize>> {
    let available = receiver.available(&region.control().rings[ring])?;
    if available == 0 {
        return Ok(None);
    }
    // Read only once: the peer may change it between a check and a use.
    let len = region.u64_at(offset(ring, receiver.position())).load(Ordering::Relaxed);
    if len > MAX_MESSAGE as u64 {
        return Err(Error::Corrupt("a record longer than any message can be"));
    }
    if record_size(len as usize) > available {
        return Err(Error::Corrupt("a record longer than the published data"));
    }
    Ok(Some(len as usize))
}

/// Gives the room of the [`next`] message, of `len` bytes, back to the sender.
#[inline]
pub(super) fn release<M: Memory>(region: &Region<M>, ring: usize, receiver: &mut Receiver, len: usize) {
    receiver.release(&region.control().rings[ring], record_size(len));
}
