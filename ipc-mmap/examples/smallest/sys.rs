//! The mapping. The only file of the example with `unsafe`.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

use memmap2::{MmapOptions, MmapRaw};

/// A number in a mapped file.
pub struct Number(MmapRaw);

impl Number {
    /// Maps the first 8 bytes of `file`, which should be that long: touching a page past its end raises `SIGBUS`.
    pub fn map(file: &File) -> io::Result<Self> {
        MmapOptions::new().len(size_of::<AtomicU64>()).map_raw(file).map(Self)
    }

    pub fn get(&self) -> &AtomicU64 {
        let number = NonNull::new(self.0.as_mut_ptr()).expect("the kernel maps nothing at address 0").cast();
        // SAFETY: 8 bytes at the beginning of a page, mapped until dropped; an atomic may change while it is shared.
        unsafe { number.as_ref() }
    }
}
