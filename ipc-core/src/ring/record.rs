//! One message in the ring: its length in 8 bytes, its bytes, and up to 7 more so that the next begins aligned.
//!
//! A record always lies in one piece. One that begins just before the end of the ring runs on into the spare bytes
//! behind it, and the next begins where it would have ended had it been bent around. The spare bytes serve one
//! record at a time, since two that cross the end cannot both be within one capacity. So there is no copying in
//! two pieces, and no mark that says "go on at the beginning".

use super::atomic::Ordering;
use super::layout::{CAPACITY, MAX_MESSAGE, data_offset};
use super::memory::{Memory, Region};
use super::spsc::{ALIGN, Receiver, Sender};
use crate::{Error, Result};

const HEADER: usize = size_of::<u64>();

/// What a message of `len` bytes takes in the ring.
const fn record_size(len: usize) -> u64 {
    (HEADER as u64) + (len as u64).next_multiple_of(ALIGN)
}

/// Where the record at `position` of ring `ring` begins in the segment.
const fn offset(ring: usize, position: u64) -> usize {
    data_offset(ring) + (position as usize & (CAPACITY - 1))
}

/// Writes `message` into ring `ring`; `None` if there is no room now.
pub(super) fn write<M: Memory>(
    region: &Region<M>,
    ring: usize,
    sender: &mut Sender,
    message: &[u8],
) -> Result<Option<()>> {
    if message.len() > MAX_MESSAGE {
        return Err(Error::TooLarge { len: message.len(), max: MAX_MESSAGE });
    }
    let control = &region.control().rings[ring];
    let size = record_size(message.len());
    if !sender.has_room(control, size)? {
        return Ok(None);
    }
    let start = offset(ring, sender.position());
    region.u64_at(start).store(message.len() as u64, Ordering::Relaxed);
    region.write(start + HEADER, message);
    sender.publish(control, size);
    Ok(Some(()))
}

/// Reads the next message of ring `ring` into `buffer`; `None` if there is none now.
pub(super) fn read<M: Memory>(
    region: &Region<M>,
    ring: usize,
    receiver: &mut Receiver,
    buffer: &mut [u8],
) -> Result<Option<usize>> {
    let control = &region.control().rings[ring];
    let available = receiver.available(control)?;
    if available == 0 {
        return Ok(None);
    }
    let start = offset(ring, receiver.position());
    // Read once: the peer may change it between a check and a use.
    let len = region.u64_at(start).load(Ordering::Relaxed);
    if len > MAX_MESSAGE as u64 {
        return Err(Error::Corrupt("a record longer than any message can be"));
    }
    let len = len as usize;
    let size = record_size(len);
    if size > available {
        return Err(Error::Corrupt("a record longer than what was published"));
    }
    if len > buffer.len() {
        return Err(Error::BufferTooSmall { needed: len }); // not released: kept
    }
    region.read(start + HEADER, &mut buffer[..len]);
    receiver.release(control, size);
    Ok(Some(len))
}
