//! The layout of the shared segment.
//!
//! ```text
//! 0       header    magic, version, layout, capacity
//! 128     side 0    the owner: state, which process
//! 256     side 1    the joiner
//! 384     ring 0    what side 0 sends: an index and two eventcounts, each on its own line of 128 bytes
//! 768     ring 1    what side 1 sends
//! 4096    data 0    CAPACITY bytes, and MAX_MESSAGE more for the record that begins just before the end
//! 3 M+4096 data 1
//! ```
//!
//! Lines are 128 bytes and not 64: processors fetch cache lines in pairs. An index that shared a pair with the
//! other side's would move from core to core for no reason.
//!
//! Every byte of [`Control`] is in an atomic, including the unused ones. This makes a Rust reference to it sound while
//! another process writes there.

use std::sync::atomic::{AtomicU32 as UnusedHalf, AtomicU64 as Unused};

use super::atomic::{AtomicU32, AtomicU64};
use super::eventcount::EventCount;

/// The number of bytes of records that a ring holds: 2 MiB. A power of two, so that one `and` turns a position into an
/// offset.
pub const CAPACITY: usize = if cfg!(miri) { 64 << 10 } else { 2 << 20 }; // Miri looks at each byte

/// The longest message: 1 MiB, half the ring. This lets the sender write one while the receiver still reads another,
/// except for two of the very longest, which do not fit together with their headers.
pub const MAX_MESSAGE: usize = CAPACITY / 2;

/// The length of the whole segment. The kernel allocates only pages that are touched.
pub const SEGMENT_LEN: usize = data_offset(2);

/// "ipc-ring": the first eight bytes of a segment that is ready to be joined.
pub(super) const MAGIC: u64 = u64::from_le_bytes(*b"ipc-ring");

/// The version, to be changed with this layout.
pub(super) const VERSION: u32 = 5;

const PAGE: usize = 4096;

/// Returns the offset in the segment of the bytes that side `ring` sends.
#[must_use]
pub const fn data_offset(ring: usize) -> usize {
    PAGE + ring * (CAPACITY + MAX_MESSAGE)
}

/// The first page of the segment.
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct Control {
    pub(super) header: Header,
    pub(super) sides: [Side; 2],
    /// Ring `n` carries what side `n` sends.
    pub(super) rings: [Ring; 2],
}

/// The part that the joiner checks first.
#[derive(Debug, Default)]
#[repr(C, align(128))]
pub(super) struct Header {
    /// Written last. Zero until then.
    pub(super) magic: AtomicU64,
    pub(super) version: AtomicU32,
    /// The layout of the rest of the segment: a [`Layout`](super::Layout).
    pub(super) layout: AtomicU32,
    pub(super) capacity: AtomicU64,
    _rest_of_line: [Unused; 13],
}

/// One of the two processes.
#[derive(Debug, Default)]
#[repr(C, align(128))]
pub(super) struct Side {
    /// One of the values in [`state`].
    pub(super) state: AtomicU32,
    _rest_of_word: UnusedHalf,
    /// The process that sits here, or is about to: [`ProcessId::to_bits`](crate::process::ProcessId::to_bits); 0 for
    /// none.
    pub(super) occupant: AtomicU64,
    /// The namespaces in which the occupant's numbers are valid:
    /// [`Namespaces::to_bits`](crate::process::Namespaces::to_bits); 0 until the occupant has stored them.
    pub(super) namespaces: AtomicU64,
    _rest_of_line: [Unused; 13],
}

/// The states of a side: bits, which are only ever added.
pub(super) mod state {
    /// No process has come yet, or it is still setting up.
    pub(in super::super) const EMPTY: u32 = 0;
    /// Ready to talk.
    pub(in super::super) const ATTACHED: u32 = 1;
    /// Will send no more.
    pub(in super::super) const SENDS_NO_MORE: u32 = 2;
    /// Will receive no more.
    pub(in super::super) const RECEIVES_NO_MORE: u32 = 4;
    /// Will do neither.
    pub(in super::super) const CLOSED: u32 = ATTACHED | SENDS_NO_MORE | RECEIVES_NO_MORE;
    /// The memory was truncated under this side: what it has not received is lost.
    pub(in super::super) const BROKEN: u32 = 8;
}

/// The state that the two sides of one ring share.
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct Ring {
    /// The position up to which the sender may overwrite. Written by the receiver alone.
    pub(super) released: Index,
    /// The word where the receiver sleeps while there is nothing to read.
    pub(super) receiver: EventCount,
    /// The word where the sender sleeps while there is no room.
    pub(super) sender: EventCount,
}

/// The number of bytes that have passed a point since the beginning. Never wraps: 2⁶⁴ bytes take a century.
#[derive(Debug, Default)]
#[repr(C, align(128))]
pub(super) struct Index {
    pub(super) bytes: AtomicU64,
    _rest_of_line: [Unused; 15],
}

const _: () = assert!(CAPACITY.is_power_of_two());
