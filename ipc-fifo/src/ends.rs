//! The ends of the two FIFOs that one process holds.

use std::fs::{File, OpenOptions};
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use ipc_core::ownership::{self, OwnershipLock};
use ipc_core::{Advise, ByteSink, ByteSource, Call, ChunkSizes, Error, Framed, Mode, Result, enlarge_pipe};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::uio::{readv, writev};
use nix::unistd::{read, write};

use crate::Fifo;

/// One end of one FIFO, opened twice: `O_NONBLOCK` belongs to the open file description. Two descriptions spare the
/// `fcntl` that switches it, and a FIFO, unlike an anonymous pipe, can be opened again.
#[derive(Debug)]
pub(crate) struct End {
    /// Calls on this one sleep until there is something to do.
    pub(crate) blocking: File,
    /// Calls on this one fail with `EAGAIN` instead.
    pub(crate) polling: File,
}

/// The end of a FIFO to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenFor {
    Read,
    Write,
}

impl End {
    // ANCHOR: open
    /// Opens an end and never sleeps: the read end is there at once, the write end is refused (`ENXIO`) while there is
    /// no reader.
    pub(crate) fn open(path: &Path, open_for: OpenFor) -> Result<Self> {
        let end = Self { blocking: open(path, open_for)?, polling: open(path, open_for)? };
        // Only the open had to be non-blocking: in blocking mode it could sleep forever if the other side died just
        // before.
        fcntl(&end.blocking, FcntlArg::F_SETFL(OFlag::empty())).call("fcntl")?;
        if open_for == OpenFor::Write {
            enlarge_pipe(&end.blocking);
        }
        Ok(end)
    }
    // ANCHOR_END: open

    const fn of(&self, mode: Mode) -> &File {
        match mode {
            Mode::Block => &self.blocking,
            Mode::Try => &self.polling,
        }
    }
}

/// Releases the lock that marks this side as taken. Closing the descriptor is not enough while another thread starts a
/// program: until its `exec`, the child has a copy.
impl Drop for End {
    fn drop(&mut self) {
        let _ = self.polling.unlock(); // it never fails on an open file
    }
}

fn open(path: &Path, open_for: OpenFor) -> Result<File> {
    // std adds O_CLOEXEC: no child of ours may keep an end open, or the other side would wait for its end of file.
    let file = OpenOptions::new()
        .read(open_for == OpenFor::Read)
        .write(open_for == OpenFor::Write)
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW | OFlag::O_NOCTTY).bits())
        .open(path)
        .call("open")
        .advise(Errno::ELOOP, || format!("{} is a symbolic link", path.display()))
        .advise(Errno::ENOTDIR, || "the address of a FIFO pair is a directory".into())
        .advise(Errno::EACCES, || format!("{} belongs to another user", path.display()))?;
    if file.metadata().call("fstat")?.file_type().is_fifo() {
        Ok(file)
    } else {
        Err(Error::Refused(format!("{} is not a FIFO: ipc-fifo did not make it", path.display())))
    }
}

/// One process's ends, with which it talks both ways: the read end of one FIFO and the write end of the other.
#[derive(Debug)]
pub(crate) struct Ends {
    pub(crate) read: End,
    pub(crate) write: End,
    pub(crate) names: Names,
}

impl Ends {
    /// Makes the link; from here on, each end can be dropped by itself.
    pub(crate) fn link(self) -> Framed<ReadEnd, WriteEnd> {
        let names = Arc::new(self.names);
        let read = ReadEnd { end: self.read, _names: Arc::clone(&names) };
        Framed::new(read, WriteEnd { end: self.write, _names: names })
    }
}

/// The read end of a FIFO. Dropping it closes it: a peer that writes is told (`EPIPE`).
#[derive(Debug)]
pub struct ReadEnd {
    end: End,
    _names: Arc<Names>,
}

/// The write end of a FIFO. Dropping it closes it: a peer that reads comes to the end of the file.
#[derive(Debug)]
pub struct WriteEnd {
    end: End,
    _names: Arc<Names>,
}

impl ByteSource for ReadEnd {
    const READ: &'static str = "read";

    fn input(&self) -> BorrowedFd<'_> {
        self.end.polling.as_fd()
    }

    #[inline]
    fn read(&self, buffer: &mut [u8], mode: Mode) -> nix::Result<usize> {
        read(self.end.of(mode), buffer)
    }

    fn readv(&self, buffers: &mut [IoSliceMut<'_>], mode: Mode) -> nix::Result<usize> {
        readv(self.end.of(mode), buffers)
    }
}

impl ByteSink for WriteEnd {
    const WRITE: &'static str = "write";

    fn chunk_sizes(&self) -> ChunkSizes {
        ChunkSizes::PIPE
    }

    fn output(&self) -> BorrowedFd<'_> {
        self.end.polling.as_fd()
    }

    #[inline]
    fn write(&self, bytes: &[u8], mode: Mode) -> nix::Result<usize> {
        write(self.end.of(mode), bytes)
    }

    fn writev(&self, buffers: &[IoSlice<'_>], mode: Mode) -> nix::Result<usize> {
        writev(self.end.of(mode), buffers)
    }
}

/// The names of the two FIFOs, for as long as this side uses either.
#[derive(Debug)]
pub(crate) struct Names {
    /// Keeps the names, and removes them when the owner is done. The side that joined has none.
    pub(crate) ownership: Option<OwnershipLock>,
}

impl Drop for Names {
    fn drop(&mut self) {
        if self.ownership.is_none() {
            // If the owner was killed, its names are still there. If it lives, this leaves them alone.
            let _ = ownership::sweep::<Fifo>();
        }
    }
}
