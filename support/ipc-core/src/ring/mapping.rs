//! A mapped file as the memory of a ring.
#![allow(unsafe_code)]

use std::fs::File;
use std::ptr::NonNull;

use memmap2::{MmapOptions, MmapRaw};
use nix::fcntl::{FcntlArg, SealFlag, fcntl};

use super::hold;
use super::layout::SEGMENT_LEN;
use super::memory::Memory;
use crate::Result;
use crate::error::Call;
use crate::ownership::OwnershipLock;

/// A file in this process's memory, shared with every process that maps it or reads it; unmapped when dropped.
///
/// `memmap2`'s usual types return a slice, and are `unsafe` to make because other processes may change its bytes. The
/// raw one returns only a pointer, which the ring knows how to use.
#[derive(Debug)]
pub struct Mapping {
    map: MmapRaw,
    /// Holds this side's lock, and is used to query the other's.
    file: File,
    /// No process can make the file shorter.
    is_sealed: bool,
    /// Removes the file after its last use; `None` if that is not for this mapping to do.
    _ownership: Option<OwnershipLock>,
}

impl Mapping {
    // ANCHOR: map
    /// `void *mmap(void *addr, size_t length, PROT_READ | PROT_WRITE, MAP_SHARED, int fd, 0);` —
    /// [mmap(2)](https://man7.org/linux/man-pages/man2/mmap.2.html)
    ///
    /// Maps the first [`SEGMENT_LEN`] bytes of `file`. The mapping stays when `file` is closed, and when its name is
    /// removed. The file should be that long, and stay so: touching a page past its end raises `SIGBUS`. See
    /// [`guard`](super::guard).
    ///
    /// # Errors
    /// `EACCES`: the file is not open for reading and writing. `ENODEV`: it cannot be mapped. `ENOMEM`: too many
    /// mappings.
    #[doc(alias = "mmap")]
    pub fn new(file: &File) -> Result<Self> {
        let map = MmapOptions::new().len(SEGMENT_LEN).map_raw(file).call("mmap")?;
        let seals = fcntl(file, FcntlArg::F_GET_SEALS).unwrap_or(0); // an error: not a file that can be sealed
        let is_sealed = SealFlag::from_bits_retain(seals).contains(SealFlag::F_SEAL_SHRINK);
        Ok(Self { map, file: file.try_clone().call("fcntl")?, is_sealed, _ownership: None })
    }
    // ANCHOR_END: map

    /// Maps the file as [`new`](Self::new) does; the mapping holds `ownership` as long as it lasts.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_ownership(file: &File, ownership: Option<OwnershipLock>) -> Result<Self> {
        Ok(Self { _ownership: ownership, ..Self::new(file)? })
    }
}

// SAFETY: mapped for reading and writing, at a page, from `map_raw` until dropped. No reference to the bytes is made
// here or in `memmap2`. A peer that truncates the file takes no memory away: touching it then raises SIGBUS, which
// the guard handles or which ends the process.
unsafe impl Memory for Mapping {
    fn base(&self) -> NonNull<u8> {
        NonNull::new(self.map.as_mut_ptr()).expect("the kernel maps nothing at address 0")
    }

    fn size(&self) -> usize {
        self.map.len()
    }

    fn can_be_cut(&self) -> bool {
        !self.is_sealed
    }

    fn hold(&self, side: usize) -> Result<bool> {
        hold::hold(&self.file, side)
    }

    fn is_held(&self, side: usize) -> Result<bool> {
        hold::is_held(&self.file, side)
    }
}
