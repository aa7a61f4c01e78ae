//! One message in the ring: a header of 8 bytes, its bytes, and up to 7 more so that the next begins aligned.
//!
//! A record is always contiguous. One that begins just before the end of the ring continues into the spare bytes behind
//! it, and the next begins where it would have ended had it wrapped around. The spare bytes serve one record at a time,
//! since two that cross the end cannot both be within one capacity. So no copy is split in two, and no marker has to
//! say "continue at the beginning".

use super::layout::{CAPACITY, MAX_MESSAGE, data_offset};

/// The length of a header, and the alignment of records.
pub(super) const HEADER: u64 = size_of::<u64>() as u64;

/// The header where no record begins yet.
pub(super) const NOTHING: u64 = 0;

/// Returns the header of a message of `len` bytes. It differs from [`NOTHING`] even if there are none.
pub(super) const fn header(len: usize) -> u64 {
    len as u64 + 1
}

// ANCHOR: len
/// Returns the length of the message with this header; `None` for [`NOTHING`], and for a length that no message has.
#[inline]
pub(super) const fn len(header: u64) -> Option<usize> {
    let len = header.wrapping_sub(1); // one comparison for both
    if len <= MAX_MESSAGE as u64 { Some(len as usize) } else { None }
}
// ANCHOR_END: len

/// Returns the number of bytes that a message of `len` bytes takes in the ring.
pub(super) const fn size(len: usize) -> u64 {
    HEADER + (len as u64).next_multiple_of(HEADER)
}

/// Returns the offset in the segment of the header at `position` of ring `ring`.
pub(super) const fn offset(ring: usize, position: u64) -> usize {
    data_offset(ring) + (position as usize & (CAPACITY - 1))
}

/// Returns the offset in the segment of the bytes after that header.
pub(super) const fn payload(ring: usize, position: u64) -> usize {
    offset(ring, position) + HEADER as usize
}
