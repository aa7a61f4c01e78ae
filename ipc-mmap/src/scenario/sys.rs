//! The mapping of a scenario, which may be cut short on purpose. The only file of the program with `unsafe`.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use memmap2::{MmapOptions, MmapRaw};

/// The first pages of a file, mapped for reading and writing. Touching one past the end of the file raises `SIGBUS`.
pub struct Pages(MmapRaw);

impl Pages {
    /// Maps the file so that stores reach it, and all that map it.
    pub fn shared(file: &File, len: usize) -> io::Result<Self> {
        MmapOptions::new().len(len).map_raw(file).map(Self)
    }

    /// Maps the file so that stores stay in this process.
    pub fn private(file: &File, len: usize) -> io::Result<Self> {
        // SAFETY: the bytes are only used through raw pointers, below: other processes may change them.
        unsafe { MmapOptions::new().len(len).map_copy(file) }.map(MmapRaw::from).map(Self)
    }

    /// Stores bytes, one after the other.
    pub fn store(&self, at: usize, bytes: &[u8]) {
        for (at, &byte) in (at..).zip(bytes) {
            self.byte(at).store(byte, Relaxed);
        }
    }

    /// Loads `len` bytes, one after the other.
    pub fn load(&self, at: usize, len: usize) -> Vec<u8> {
        (at..at + len).map(|at| self.byte(at).load(Relaxed)).collect()
    }

    fn byte(&self, at: usize) -> &AtomicU8 {
        assert!(at < self.0.len(), "inside the mapping");
        // SAFETY: mapped until dropped; an atomic may change while it is shared. If the file has become too short, touching
        // the byte raises SIGBUS, which ends the process.
        unsafe { AtomicU8::from_ptr(self.0.as_mut_ptr().wrapping_add(at)) }
    }
}
