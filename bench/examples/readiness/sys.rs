//! `io_uring(7)`, for sockets that each have one buffer: the only file of this program with `unsafe`.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};

use io_uring::squeue::{Entry, Flags};
use io_uring::types::Fd;
use io_uring::{IoUring, opcode};
use ipc_core::{Call as _, Error, Result};
use nix::errno::Errno;

use crate::load::SIZE;

/// How long the kernel's thread looks for operations before it sleeps, in milliseconds.
const IDLE: u32 = 10;

/// The operations on some sockets, each with its buffer.
pub(crate) struct Ring {
    io: IoUring,
    sockets: Vec<OwnedFd>,
    /// Never grows: the kernel has the addresses of the buffers. Forgotten, and so never freed, if operations are under
    /// way at the end.
    buffers: Vec<[u8; SIZE]>,
    /// The receives that were begun and are not completed.
    under_way: usize,
}

impl Ring {
    pub(crate) fn new(sockets: Vec<OwnedFd>) -> Result<Self> {
        Self::set_up(sockets, &mut IoUring::builder())
    }

    pub(crate) fn with_kernel_thread(sockets: Vec<OwnedFd>) -> Result<Self> {
        Self::set_up(sockets, IoUring::builder().setup_sqpoll(IDLE))
    }

    fn set_up(sockets: Vec<OwnedFd>, builder: &mut io_uring::Builder) -> Result<Self> {
        let entries = (2 * sockets.len()).next_power_of_two() as u32; // an answer and a receive for each
        let io = builder.build(entries).map_err(|error| {
            Error::Refused(format!(
                "not available here: io_uring_setup: {error}; see kernel.io_uring_disabled"
            ))
        })?;
        let buffers = vec![[0; SIZE]; sockets.len()];
        Ok(Self { io, sockets, buffers, under_way: 0 })
    }

    pub(crate) fn len(&self) -> usize {
        self.sockets.len()
    }

    /// Asks for the next message of a socket.
    pub(crate) fn receive(&mut self, at: usize) -> Result<()> {
        let entry = self.receiving(at);
        self.push(&[entry])?;
        self.under_way += 1;
        Ok(())
    }

    /// Asks for sending back what is in the socket's buffer, and then for the next message.
    pub(crate) fn answer_and_receive(&mut self, at: usize, len: usize) -> Result<()> {
        let (fd, buffer) = (Fd(self.sockets[at].as_raw_fd()), &self.buffers[at][..len]);
        // Linked: the receive begins when this is done, so that it does not overwrite what is being sent. One of the two is
        // reported: this one if it fails, and then the receive is dropped without a word.
        let flags = Flags::IO_LINK | Flags::SKIP_SUCCESS;
        let send = opcode::Send::new(fd, buffer.as_ptr(), len as u32).flags(libc::MSG_NOSIGNAL);
        let send = send.build().flags(flags).user_data(at as u64);
        let receive = self.receiving(at);
        self.push(&[send, receive])?;
        self.under_way += 1;
        Ok(())
    }

    fn receiving(&mut self, at: usize) -> Entry {
        let fd = Fd(self.sockets[at].as_raw_fd());
        let buffer = &mut self.buffers[at];
        opcode::Recv::new(fd, buffer.as_mut_ptr(), SIZE as u32).build().user_data(at as u64)
    }

    fn push(&mut self, entries: &[Entry]) -> Result<()> {
        loop {
            // SAFETY: the buffer of an entry is one of `buffers`, which lives until all operations are completed (see
            // `drop`), and no other operation on it is under way: a socket's next receive is begun only after its last
            // one is completed, and after the answer that it is linked to. The descriptors are open for as long.
            if unsafe { self.io.submission().push_multiple(entries) }.is_ok() {
                return Ok(());
            }
            self.io.submit().map_err(|error| errno(&error)).call("io_uring_enter")?; // there was no room
        }
    }

    /// Begins all operations that were asked for, and waits for one at least. Returns the receives that are completed: the
    /// number of the socket, and the length of the message; 0 if there will be none.
    pub(crate) fn wait(&mut self) -> Result<Vec<(usize, usize)>> {
        while let Err(error) = self.io.submit_and_wait(1) {
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(errno(&error)).call("io_uring_enter");
            }
        }
        // Of an answer, only a failure is reported: as nothing received.
        let received: Vec<_> = self
            .io
            .completion()
            .map(|entry| (entry.user_data() as usize, usize::try_from(entry.result()).unwrap_or(0)))
            .collect();
        self.under_way -= received.len();
        Ok(received)
    }
}

fn errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

impl Drop for Ring {
    fn drop(&mut self) {
        if self.under_way > 0 {
            // The kernel may still write to them after the ring is closed.
            std::mem::forget(std::mem::take(&mut self.buffers));
        }
    }
}
