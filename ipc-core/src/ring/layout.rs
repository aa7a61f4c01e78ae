//! What lies where in the shared segment.
//!
//! ```text
//! 0       header    magic, version, kind, capacity
//! 128     side 0    the owner: state, which process
//! 256     side 1    the one who joins
//! 384     ring 0    what side 0 sends: two indices and two bells, each on its own line of 128 bytes
//! 896     ring 1    what side 1 sends
//! 4096    data 0    CAPACITY bytes, and MAX_MESSAGE more for the record that begins just before the end
//! 3 M+4096 data 1
//! ```
//!
//! Lines are 128 bytes and not 64: processors fetch cache lines in pairs. An index that shared a pair with the
//! other side's would move from core to core for no reason.
//!
//! Every byte of [`Control`] lies in an atomic, the unused ones too. That is what allows a Rust reference to it
//! while another process writes there.

use std::sync::atomic::{AtomicU32 as UnusedHalf, AtomicU64 as Unused};

use super::atomic::{AtomicU32, AtomicU64};
use super::bell::Bell;

/// How many bytes of records a ring holds: 2 MiB. A power of two, so that a position becomes an offset by one `and`.
pub const CAPACITY: usize = 2 << 20;

/// The longest message: 1 MiB, half the ring. So the sender can write one while the receiver still reads another:
/// any but two of the very longest, whose headers do not fit in beside them.
pub const MAX_MESSAGE: usize = CAPACITY / 2;

/// The length of the whole segment. The kernel gives pages only to what is touched.
pub const SEGMENT_LEN: usize = data_offset(2);

/// "ipc-ring": the first eight bytes of a segment that is ready to be joined.
pub(super) const MAGIC: u64 = u64::from_le_bytes(*b"ipc-ring");

/// Changes with this page.
pub(super) const VERSION: u32 = 3;

const PAGE: usize = 4096;

/// Where in the segment the bytes that side `ring` sends begin.
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

/// What the one who joins checks first.
#[derive(Debug, Default)]
#[repr(C, align(128))]
pub(super) struct Header {
    /// Written last. Zero until then.
    pub(super) magic: AtomicU64,
    pub(super) version: AtomicU32,
    /// What is in the rest of the segment: a [`Kind`](super::Kind).
    pub(super) kind: AtomicU32,
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
    /// Which process sits here, or is about to: [`ProcessId::to_bits`](crate::process::ProcessId::to_bits); 0 for none.
    pub(super) occupant: AtomicU64,
    /// Where the occupant's numbers are meant: [`Namespaces::to_bits`](crate::process::Namespaces::to_bits); 0 until it
    /// has said so.
    pub(super) namespaces: AtomicU64,
    _rest_of_line: [Unused; 13],
}

/// The life of a side. The numbers only grow.
pub(super) mod state {
    /// Nobody has come yet, or whoever has is still setting up.
    pub(in super::super) const EMPTY: u32 = 0;
    /// Ready to talk.
    pub(in super::super) const ATTACHED: u32 = 1;
    /// Will send and receive no more.
    pub(in super::super) const CLOSED: u32 = 2;
    /// The same, since the memory was cut short under it: what it has not received is lost.
    pub(in super::super) const BROKEN: u32 = 3;
}

/// What the two sides of one ring tell each other.
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct Ring {
    /// Up to here the receiver may read. Written by the sender alone.
    pub(super) published: Index,
    /// Up to here the sender may overwrite. Written by the receiver alone.
    pub(super) released: Index,
    /// Where the receiver sleeps while there is nothing to read.
    pub(super) receiver: Bell,
    /// Where the sender sleeps while there is no room.
    pub(super) sender: Bell,
}

/// How many bytes have passed a point since the beginning. Never wraps: 2⁶⁴ bytes take a century.
#[derive(Debug, Default)]
#[repr(C, align(128))]
pub(super) struct Index {
    pub(super) bytes: AtomicU64,
    _rest_of_line: [Unused; 15],
}

const _: () = assert!(CAPACITY.is_power_of_two());
