//! Shared memory, accessed only in ways that Rust allows: by copying, or through atomics.
//!
//! The peer can write to every byte at any moment. So no `&[u8]` to it is ever made: Rust would assume that the bytes
//! do not change. Bytes are copied in and out, each value is read once into a variable of our own, and only that copy
//! is checked and used.
#![allow(unsafe_code)]

use std::ptr::{self, NonNull};
use std::slice;
use std::sync::Arc;

use nix::errno::Errno;

use super::atomic::AtomicU64;
use super::guard::Guarded;
use super::layout::{Control, Ring, SEGMENT_LEN, data_offset};
use crate::{Error, Result};

const _: () = assert!(size_of::<Control>() <= data_offset(0));
const _: () = assert!(size_of::<Ring>() == 3 * 128, "as the page says");

const CUT_SHORT: Error = Error::Corrupt("the shared memory was truncated while mapped");

/// Memory that another process, or another thread, sees too.
///
/// # Safety
/// As long as the value lives, wherever it is moved to, the [`size`](Self::size) bytes from [`base`](Self::base) are
/// mapped, readable and writable; base and size never change; no Rust reference to those bytes exists except to
/// atomics.
pub unsafe trait Memory: Send + Sync + 'static {
    /// Returns the address of the first byte; aligned to a page.
    fn base(&self) -> NonNull<u8>;

    /// Returns the number of bytes.
    fn size(&self) -> usize;

    /// Returns whether others can take pages away under the mapping, as by truncating a file: see
    /// [`guard`](super::guard).
    fn can_be_cut(&self) -> bool;

    /// Shows the other side that `side` is here, until the memory is dropped or the process ends in any way; returns
    /// `false` if another process holds that place.
    ///
    /// # Errors
    /// The kernel refuses.
    fn hold(&self, side: usize) -> Result<bool>;

    /// Returns whether `side`, the other one, is still here. It need not be in this process's pid namespace.
    ///
    /// # Errors
    /// The kernel cannot tell.
    fn is_held(&self, side: usize) -> Result<bool>;
}

/// Shared memory with bounds-checked methods.
///
/// They are for the ring alone, whose protocol decides whose turn it is: two threads writing to the same bytes at the
/// same time would be a data race. (A process that scribbles over memory it shares with another cannot be prevented
/// from doing so; there it controls only which bytes arrive.)
#[derive(Debug)]
pub struct Region<M> {
    /// The base and the size of the memory, in this value itself: they are needed at every step.
    base: NonNull<u8>,
    size: usize,
    /// Dropped before the memory.
    guarded: Option<Guarded>,
    memory: M,
}

// SAFETY: the pointer leads to the memory that this value owns, which may move to another thread with it.
unsafe impl<M: Memory> Send for Region<M> {}
// SAFETY: as above; what another thread may do at the same time is limited to copies and atomics.
unsafe impl<M: Memory> Sync for Region<M> {}

impl<M: Memory> Region<M> {
    /// Takes `memory` of at least [`SEGMENT_LEN`] bytes.
    ///
    /// # Errors
    /// [`Corrupt`](Error::Corrupt): it is smaller, so it was made for something else.
    pub fn new(memory: M) -> Result<Self> {
        if memory.size() < SEGMENT_LEN {
            return Err(Error::Corrupt("the shared memory is too small: not made by this program"));
        }
        assert!(memory.base().cast::<Control>().is_aligned(), "memory is aligned to a page");
        // SAFETY: `Memory` promises all that as long as `memory` lives, which is dropped after the guard.
        let guarded =
            memory.can_be_cut().then(|| unsafe { Guarded::new(memory.base().as_ptr(), memory.size()) });
        Ok(Self { base: memory.base(), size: memory.size(), guarded, memory })
    }

    /// Returns the memory itself.
    pub const fn memory(&self) -> &M {
        &self.memory
    }

    /// Refuses memory that has lost a page, as the [`guard`](super::guard) has noted. Call it *after* an access, before
    /// trusting what was read.
    #[inline]
    pub(super) fn intact(&self) -> Result<()> {
        if self.is_intact() { Ok(()) } else { Err(CUT_SHORT) }
    }

    /// Returns whether [`intact`](Self::intact) finds nothing.
    #[inline]
    pub(super) fn is_intact(&self) -> bool {
        !self.guarded.as_ref().is_some_and(Guarded::is_broken)
    }

    /// Returns whether others can take pages away: see [`Memory::can_be_cut`].
    pub(super) const fn can_be_cut(&self) -> bool {
        self.guarded.is_some()
    }

    /// Returns the number of bytes.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Returns the first page.
    #[inline]
    pub(super) fn control(&self) -> &Control {
        // SAFETY: `new` checked length and alignment; the memory stays mapped while `self` is borrowed. `Control`
        // consists of atomics only, for which every bit pattern is valid and which others may change at any time.
        unsafe { self.base.cast::<Control>().as_ref() }
    }

    /// Returns the 8 bytes at `offset`.
    ///
    /// # Panics
    /// The offset is out of bounds, or not a multiple of 8.
    #[inline]
    pub(crate) fn u64_at(&self, offset: usize) -> &AtomicU64 {
        let word = self.at(offset, size_of::<AtomicU64>()).cast::<AtomicU64>();
        assert!(word.is_aligned());
        // SAFETY: `at` checked the bounds and this function the alignment; an atomic may be shared.
        unsafe { word.as_ref() }
    }

    /// Copies the bytes at `offset` out.
    ///
    /// # Panics
    /// The range is out of bounds.
    #[inline]
    pub(crate) fn read(&self, offset: usize, into: &mut [u8]) {
        let from = self.at(offset, into.len());
        // SAFETY: `at` checked the bounds, and a buffer of ours does not overlap the shared memory. A peer that keeps
        // to the protocol does not write here now; one that breaks it controls only which bytes arrive, and any byte is
        // a valid `u8`.
        unsafe { ptr::copy_nonoverlapping(from.as_ptr(), into.as_mut_ptr(), into.len()) }
    }

    /// Copies `bytes` in at `offset`.
    ///
    /// # Panics
    /// The range is out of bounds.
    #[inline]
    pub(crate) fn write(&self, offset: usize, bytes: &[u8]) {
        let to = self.at(offset, bytes.len());
        // SAFETY: as in `read`, the other way round.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to.as_ptr(), bytes.len()) }
    }

    /// Sets `len` bytes at `offset` to `byte`.
    ///
    /// # Panics
    /// The range is out of bounds.
    #[inline]
    pub(crate) fn fill(&self, offset: usize, len: usize, byte: u8) {
        let to = self.at(offset, len);
        // SAFETY: as in `write`.
        unsafe { ptr::write_bytes(to.as_ptr(), byte, len) }
    }

    /// Returns the `count` words of 8 bytes from `offset` on.
    ///
    /// # Panics
    /// The range is out of bounds, or `offset` is not a multiple of 8.
    #[inline]
    pub(crate) fn words(&self, offset: usize, count: usize) -> &[AtomicU64] {
        let first = self.at(offset, count.saturating_mul(size_of::<AtomicU64>())).cast::<AtomicU64>();
        assert!(first.is_aligned());
        // SAFETY: as in `u64_at`, for each word.
        unsafe { slice::from_raw_parts(first.as_ptr(), count) }
    }

    /// Returns the address of the `len` bytes at `offset`.
    #[inline]
    fn at(&self, offset: usize, len: usize) -> NonNull<u8> {
        let fits = offset.checked_add(len).is_some_and(|end| end <= self.size);
        if !fits {
            out_of_bounds(offset, len);
        }
        // SAFETY: the bounds have just been checked.
        unsafe { self.base.add(offset) }
    }
}

/// Apart, so that what checks its bounds stays short enough to become a part of its caller.
#[cold]
fn out_of_bounds(offset: usize, len: usize) -> ! {
    panic!("{len} bytes at {offset} are out of bounds");
}

/// `int madvise(void *addr, size_t length, int advice);` — [madvise(2)](https://man7.org/linux/man-pages/man2/madvise.2.html)
///
/// `advice` must leave the bytes unchanged: see `pages.rs`.
pub(crate) fn advise(memory: &impl Memory, advice: libc::c_int) -> nix::Result<()> {
    assert!(matches!(advice, libc::MADV_POPULATE_WRITE | libc::MADV_HUGEPAGE));
    // SAFETY: these bytes are mapped as long as `memory` lives, and neither advice changes or unmaps any of them.
    Errno::result(unsafe { libc::madvise(memory.base().as_ptr().cast(), memory.size(), advice) }).map(drop)
}

/// Memory of this process alone, to try a ring between two threads.
#[derive(Clone, Debug)]
pub struct HeapMemory(Arc<[Page]>);

/// A page of atomics, so that the bytes may change behind a shared reference.
#[derive(Debug)]
#[repr(C, align(4096))]
struct Page([AtomicU64; 512]);

impl HeapMemory {
    /// Allocates `len` bytes, rounded up to pages, all zero.
    #[must_use]
    pub fn new(len: usize) -> Self {
        let page = || Page([const { AtomicU64::new(0) }; 512]);
        Self((0..len.div_ceil(size_of::<Page>())).map(|_| page()).collect())
    }
}

// SAFETY: the pages live as long as this handle to them, at a fixed address on the heap; they are all atomics.
unsafe impl Memory for HeapMemory {
    fn base(&self) -> NonNull<u8> {
        NonNull::from(&*self.0).cast()
    }

    fn size(&self) -> usize {
        size_of_val(&*self.0)
    }

    fn can_be_cut(&self) -> bool {
        false
    }

    fn hold(&self, _side: usize) -> Result<bool> {
        Ok(true)
    }

    fn is_held(&self, _side: usize) -> Result<bool> {
        Ok(true) // both sides are threads of this process, which is alive
    }
}
