//! Shared memory of which the checker sees each access.
//!
//! A message of [`MESSAGE`] bytes takes half a ring, so a ring has two places. Of the bytes of each, one stands for all: a
//! loom `UnsafeCell`, which both sides must not touch at once.
#![allow(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use loom::cell::UnsafeCell;

use super::atomic::AtomicU64;
use super::layout::{CAPACITY, Control, data_offset};
use crate::Result;

/// The length of a message that fills a place.
pub(super) const MESSAGE: usize = PLACE - HEADER;

const PLACE: usize = CAPACITY / 2;
const HEADER: usize = size_of::<u64>();

/// What the two sides share.
#[derive(Debug, Default)]
pub(super) struct Segment {
    control: Control,
    places: [[Place; 2]; 2],
    /// Stands for all words but the first of each place: what is written there is never read.
    elsewhere: AtomicU64,
    /// What the kernel keeps of those who have the memory.
    held: [AtomicBool; 2],
}

#[derive(Debug, Default)]
struct Place {
    header: AtomicU64,
    payload: UnsafeCell<u8>,
}

impl Segment {
    /// From here on only those are found alive who are known by their pid.
    pub(super) fn forget_who_holds_it(&self) {
        self.held.iter().for_each(|held| held.store(false, Ordering::Relaxed));
    }
}

// SAFETY: whether both sides touch a payload at once is what loom checks.
unsafe impl Sync for Segment {}
// SAFETY: as above.
unsafe impl Send for Segment {}

/// As [`Memory`](crate::ring::Memory), without addresses.
pub(super) trait Memory {
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

/// As [`Region`](crate::ring::Region).
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

    pub(super) fn size(&self) -> usize {
        data_offset(2)
    }

    pub(super) fn control(&self) -> &Control {
        &self.0.segment().control
    }

    pub(super) fn u64_at(&self, offset: usize) -> &AtomicU64 {
        match self.place(offset) {
            (place, 0) => &place.header,
            _ => &self.0.segment().elsewhere,
        }
    }

    pub(super) fn read(&self, offset: usize, into: &mut [u8]) {
        // SAFETY: the ring has given this place to the receiver; if not, loom panics here.
        self.payload(offset).with(|byte| into[0] = unsafe { *byte });
    }

    pub(super) fn write(&self, offset: usize, bytes: &[u8]) {
        // SAFETY: as in `read`, to the sender.
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

    /// The place in which a byte lies, and how far from its beginning.
    fn place(&self, offset: usize) -> (&Place, usize) {
        let ring = usize::from(offset >= data_offset(1));
        let within = offset - data_offset(ring);
        (&self.0.segment().places[ring][within / PLACE], within % PLACE)
    }
}
