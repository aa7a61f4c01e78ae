//! Access to shared memory outside the protocol, for tests alone.
#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

use super::memory::{Memory, Region};

/// The bytes of a shared memory, for its tests. No other thread of this process may use the same bytes meanwhile: that
/// would be a data race, which is why only test builds have this.
///
/// All methods panic out of bounds.
pub trait Bytes {
    /// Copies the bytes at `offset` out.
    fn read(&self, offset: usize, into: &mut [u8]);

    /// Copies `bytes` in at `offset`.
    fn write(&self, offset: usize, bytes: &[u8]);

    /// Returns the 8 bytes at `offset`, which is a multiple of 8.
    fn u64_at(&self, offset: usize) -> &AtomicU64;

    /// Returns `count` words of 8 bytes, starting at `offset`.
    fn words(&self, offset: usize, count: usize) -> &[AtomicU64];
}

impl<M: Memory> Bytes for Region<M> {
    fn read(&self, offset: usize, into: &mut [u8]) {
        Region::read(self, offset, into);
    }

    fn write(&self, offset: usize, bytes: &[u8]) {
        Region::write(self, offset, bytes);
    }

    fn u64_at(&self, offset: usize) -> &AtomicU64 {
        Region::u64_at(self, offset)
    }

    fn words(&self, offset: usize, count: usize) -> &[AtomicU64] {
        Region::words(self, offset, count)
    }
}

/// Overwrites the memory of a link, as a hostile peer can. As for [`Bytes`], no other thread may use it meanwhile.
///
/// # Panics
/// The offset is out of bounds.
pub fn scribble(memory: &dyn Memory, offset: usize, bytes: &[u8]) {
    assert!(offset.checked_add(bytes.len()).is_some_and(|end| end <= memory.size()), "out of bounds");
    // SAFETY: the offset is within the bounds.
    let to = unsafe { memory.base().add(offset) };
    // SAFETY: as many bytes are mapped and writable there as long as the memory is borrowed; the caller, a test, lets
    // no other thread use them.
    unsafe { to.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len()) };
}
