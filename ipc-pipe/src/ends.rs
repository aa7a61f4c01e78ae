//! The bytes: the system calls that read and write them.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use ipc_core::{ByteStream, ChunkSizes, Mode};
use nix::sys::uio::{readv, writev};
use nix::unistd::{read, write};

use crate::sys;

/// One process's ends, with which it talks both ways: the read end of one pipe and the write end of the other.
#[derive(Debug)]
pub struct Ends {
    pub(crate) read: OwnedFd,
    pub(crate) write: OwnedFd,
}

impl Ends {
    /// The write end, to write without framing.
    #[must_use]
    pub fn write_end(&self) -> impl AsFd {
        &self.write
    }
}

// ANCHOR: stream
impl ByteStream for Ends {
    const READ: &'static str = "read";
    const WRITE: &'static str = "write";

    fn chunk_sizes(&self) -> ChunkSizes {
        ChunkSizes::PIPE
    }

    fn input(&self) -> BorrowedFd<'_> {
        self.read.as_fd()
    }

    fn output(&self) -> BorrowedFd<'_> {
        self.write.as_fd()
    }

    #[inline]
    fn read(&self, buffer: &mut [u8], mode: Mode) -> nix::Result<usize> {
        match mode {
            Mode::Block => read(&self.read, buffer),
            Mode::Try => sys::preadv2_nowait(&self.read, &mut [IoSliceMut::new(buffer)]),
        }
    }

    fn readv(&self, buffers: &mut [IoSliceMut<'_>], mode: Mode) -> nix::Result<usize> {
        match mode {
            Mode::Block => readv(&self.read, buffers),
            Mode::Try => sys::preadv2_nowait(&self.read, buffers),
        }
    }

    #[inline]
    fn write(&self, bytes: &[u8], mode: Mode) -> nix::Result<usize> {
        match mode {
            Mode::Block => write(&self.write, bytes),
            Mode::Try => sys::pwritev2_nowait(&self.write, &[IoSlice::new(bytes)]),
        }
    }

    fn writev(&self, buffers: &[IoSlice<'_>], mode: Mode) -> nix::Result<usize> {
        match mode {
            Mode::Block => writev(&self.write, buffers),
            Mode::Try => sys::pwritev2_nowait(&self.write, buffers),
        }
    }
}
// ANCHOR_END: stream
