//! Shared memory whose every access the checker sees.
//!
//! A message of [`MESSAGE`] bytes takes a quarter of a ring, so a ring has four places, of which three can be full: the
//! next header needs a few bytes of the fourth. One byte represents all the bytes of a message: a loom `UnsafeCell`,
//! which the two sides must not touch at once.
#![allow(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use loom::cell::UnsafeCell;

use super::atomic::AtomicU64;
use super::layout::{CAPACITY, Control, data_offset};
use crate::Result;

/// The length of a message that fills a place.
pub(super) const MESSAGE: usize = PLACE - HEADER;

/// The number of messages that fill a ring.
pub(super) const FULL: u8 = PLACES as u8 - 1;

const PLACES: usize = 4;
const PLACE: usize = CAPACITY / PLACES;
const HEADER: usize = size_of::<u64>();

/// The memory that the two sides share.
#[derive(Debug, Default)]
pub(super) struct Segment {
    control: Control,
    places: [[Place; PLACES]; 2],
    /// The kernel's record of which sides have the memory.
    held: [AtomicBool; 2],
}

#[derive(Debug, Default)]
struct Place {
    header: AtomicU64,
    payload: UnsafeCell<u8>,
}

impl Segment {
    /// From here on, only a side that is known by its pid is found alive.
    pub(super) fn forget_who_holds_it(&self) {
        self.held.iter().for_each(|held| held.store(false, Ordering::Relaxed));
    }
}

// SAFETY: loom checks that the two sides do not touch a payload at once.
unsafe impl Sync for Segment {}
// SAFETY: as above.
unsafe impl Send for Segment {}

/// The counterpart of [`Memory`](crate::ring::Memory), without addresses.
pub(super) trait Memory: Send + Sync + 'static {
    fn segment(&self) -> &Segment;
    fn hold(&self, side: usize) -> Result<bool>;
    fn is_held(&self, side: usize) -> Result<bool>;
}

impl Memory for Arc<Segment> {
    fn segment(&self) -> &Segment {
        self
    }

    fn hold(&self, side: usize) -> Result<bool> {
        self.held[side].store(true, Ordering::Relaxed);
        Ok(true)
    }

    fn is_held(&self, side: usize) -> Result<bool> {
        Ok(self.held[side].load(Ordering::Relaxed))
    }
}

/// The counterpart of [`Region`](crate::ring::Region).
#[derive(Debug)]
pub(super) struct Region<M>(M);

impl<M: Memory> Region<M> {
    pub(super) const fn new(memory: M) -> Self {
        Self(memory)
    }

    pub(super) const fn memory(&self) -> &M {
        &self.0
    }

    pub(super) fn intact(&self) -> Result<()> {
        Ok(())
    }

    pub(super) const fn can_be_cut(&self) -> bool {
        false
    }

    pub(super) fn is_intact(&self) -> bool {
        true
    }

    pub(super) fn size(&self) -> usize {
        data_offset(2)
    }

    pub(super) fn control(&self) -> &Control {
        &self.0.segment().control
    }

    pub(super) fn u64_at(&self, offset: usize) -> &AtomicU64 {
        let (place, 0) = self.place(offset) else { panic!("no record begins at {offset}") };
        &place.header
    }

    pub(super) fn read(&self, offset: usize, into: &mut [u8]) {
        // SAFETY: the ring has given this place to the receiver; if not, loom panics here.
        self.payload(offset).with(|byte| into[0] = unsafe { *byte });
    }

    pub(super) fn write(&self, offset: usize, bytes: &[u8]) {
        // SAFETY: as in `read`, for the sender.
        self.payload(offset).with_mut(|byte| unsafe { *byte = bytes[0] });
    }

    pub(super) fn fill(&self, offset: usize, _len: usize, byte: u8) {
        self.write(offset, &[byte]);
    }

    pub(super) fn words(&self, _offset: usize, _count: usize) -> &[AtomicU64] {
        unreachable!("no scenario reads by words")
    }

    fn payload(&self, offset: usize) -> &UnsafeCell<u8> {
        let (place, HEADER) = self.place(offset) else { panic!("no message begins at {offset}") };
        &place.payload
    }

    /// Returns the place that contains a byte, and the byte's offset in it.
    fn place(&self, offset: usize) -> (&Place, usize) {
        let ring = usize::from(offset >= data_offset(1));
        let within = offset - data_offset(ring);
        (&self.0.segment().places[ring][within / PLACE], within % PLACE)
    }
}
