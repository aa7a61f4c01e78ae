//! The bytes: the system calls that read and write them.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd as _, BorrowedFd};

use ipc_core::{ByteSink, ByteSource, ChunkSizes, Mode};
use nix::sys::uio::{readv, writev};
use nix::unistd::{read, write};

use crate::mode::End;

/// The read end of a pipe. Dropping it closes it: a peer that writes is told (`EPIPE`).
#[derive(Debug)]
pub struct ReadEnd(pub(crate) End);

/// The write end of a pipe. Dropping it closes it: a peer that reads comes to the end of the file.
#[derive(Debug)]
pub struct WriteEnd(pub(crate) End);

// ANCHOR: stream
impl ByteSource for ReadEnd {
    const READ: &'static str = "read";

    fn input(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    #[inline]
    fn read(&self, buffer: &mut [u8], mode: Mode) -> nix::Result<usize> {
        read(self.0.in_mode(mode)?, buffer)
    }

    fn readv(&self, buffers: &mut [IoSliceMut<'_>], mode: Mode) -> nix::Result<usize> {
        readv(self.0.in_mode(mode)?, buffers)
    }
}

impl ByteSink for WriteEnd {
    const WRITE: &'static str = "write";

    fn chunk_sizes(&self) -> ChunkSizes {
        ChunkSizes::PIPE
    }

    fn output(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    #[inline]
    fn write(&self, bytes: &[u8], mode: Mode) -> nix::Result<usize> {
        write(self.0.in_mode(mode)?, bytes)
    }

    fn writev(&self, buffers: &[IoSlice<'_>], mode: Mode) -> nix::Result<usize> {
        writev(self.0.in_mode(mode)?, buffers)
    }
}
// ANCHOR_END: stream
