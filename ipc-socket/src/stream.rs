//! A connected socket, and the bytes that go through it.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ipc_core::ownership::{OwnershipLock, Sweep};
use ipc_core::{ByteSink, ByteSource, ChunkSizes, Mode, Result, wait_readable};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, Shutdown, recv, recvmsg, send, sendmsg, shutdown};

use crate::sys;

/// The time that a closing TCP socket waits for the other host to acknowledge everything.
const PARTING: Duration = Duration::from_secs(1);

/// A connected socket, which its two ends share. Dropping it closes it, without loss of sent data.
#[derive(Debug)]
struct Connection {
    socket: OwnedFd,
    closing: Closing,
}

/// The end of a connected socket that is read. Dropping it tells a peer that writes to a UNIX socket (`EPIPE`).
#[derive(Debug)]
pub struct ReadEnd {
    connection: Arc<Connection>,
    /// A copy of the descriptor, for an end that is apart from the other: `epoll` takes each descriptor once, and the two
    /// ends may be watched by two tasks.
    copy: Option<OwnedFd>,
}

/// The end of a connected socket that is written. Dropping it ends the stream to the peer.
#[derive(Debug)]
pub struct WriteEnd(Arc<Connection>);

/// Returns both ends of a connected socket.
pub(crate) fn ends(socket: OwnedFd, closing: Closing) -> (ReadEnd, WriteEnd) {
    let connection = Arc::new(Connection { socket, closing });
    (ReadEnd { connection: Arc::clone(&connection), copy: None }, WriteEnd(connection))
}

/// What this side does when it closes the connection.
#[derive(Debug)]
pub(crate) enum Closing {
    /// TCP, which has no path: lets the other host receive all that was sent.
    Part,
    /// The owner of a path: keeps it until then.
    Release { _ownership: Option<OwnershipLock> },
    /// The side that joined at a path: removes what a killed owner has left. Of a live one, this leaves it alone.
    Sweep(fn() -> Result<Sweep>),
}

impl Connection {
    // ANCHOR: part
    /// Ends a TCP connection so that the other side can read all that we sent.
    ///
    /// A TCP socket that is closed with unread data, or that receives data after it was closed, answers with a reset. A
    /// reset discards what is still on its way out. So this announces that nothing more will come (`shutdown`), and
    /// reads what still arrives until the other host has acknowledged everything.
    fn part(&self) {
        let started = Instant::now();
        let mut unwanted = vec![0; 64 << 10];
        if shutdown(self.socket.as_raw_fd(), Shutdown::Write).is_err() {
            return; // no longer connected
        }
        while started.elapsed() < PARTING {
            match recv(self.socket.as_raw_fd(), &mut unwanted, flags(Mode::Try)) {
                Ok(1..) | Err(Errno::EINTR) => continue,
                Err(Errno::EAGAIN) => {}
                Ok(0) | Err(_) => return, // the other side has closed as well
            }
            if sys::unacknowledged(&self.socket).is_ok_and(|bytes| bytes == 0) {
                return;
            }
            // No event reports an acknowledgement; it arrives within milliseconds, or the network is slow.
            let _ = wait_readable([self.socket.as_fd()], Duration::from_millis(1));
        }
    }
    // ANCHOR_END: part
}

impl Drop for Connection {
    fn drop(&mut self) {
        match self.closing {
            Closing::Part => self.part(),
            Closing::Release { .. } => {}           // dropped after this
            Closing::Sweep(sweep) => drop(sweep()), // after an error, the next sweep tries again
        }
    }
}

impl Drop for WriteEnd {
    fn drop(&mut self) {
        let _ = shutdown(self.as_fd().as_raw_fd(), Shutdown::Write); // no longer connected: nothing to end
    }
}

impl Drop for ReadEnd {
    fn drop(&mut self) {
        // To TCP, this would only mean that we do not read: the other host would not be told, and `part` has to read.
        if !matches!(self.connection.closing, Closing::Part) {
            let _ = shutdown(self.as_fd().as_raw_fd(), Shutdown::Read);
        }
    }
}

impl AsFd for ReadEnd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.copy.as_ref().unwrap_or(&self.connection.socket).as_fd()
    }
}

impl AsFd for WriteEnd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.socket.as_fd()
    }
}

// ANCHOR: stream
/// Returns the flags for one call. `MSG_NOSIGNAL`: a peer that has gone is an error (`EPIPE`), not a fatal signal.
pub(crate) const fn flags(mode: Mode) -> MsgFlags {
    match mode {
        Mode::Block => MsgFlags::MSG_NOSIGNAL,
        Mode::Try => MsgFlags::MSG_NOSIGNAL.union(MsgFlags::MSG_DONTWAIT),
    }
}

impl ByteSource for ReadEnd {
    const READ: &'static str = "recv";

    fn input(&self) -> BorrowedFd<'_> {
        self.as_fd()
    }

    #[inline]
    fn read(&self, buffer: &mut [u8], mode: Mode) -> nix::Result<usize> {
        recv(self.connection.socket.as_raw_fd(), buffer, flags(mode))
    }

    fn readv(&self, buffers: &mut [IoSliceMut<'_>], mode: Mode) -> nix::Result<usize> {
        recvmsg::<()>(self.connection.socket.as_raw_fd(), buffers, None, flags(mode))
            .map(|received| received.bytes)
    }

    /// Where there is no descriptor left, the two ends share one: all but a second registration works with it.
    fn detach(&mut self) {
        self.copy = self.connection.socket.try_clone().ok();
    }
}

impl ByteSink for WriteEnd {
    const WRITE: &'static str = "send";

    fn chunk_sizes(&self) -> ChunkSizes {
        match self.0.closing {
            Closing::Part => ChunkSizes::WHOLE,
            Closing::Release { .. } | Closing::Sweep(_) => ChunkSizes::UNIX_STREAM,
        }
    }

    fn output(&self) -> BorrowedFd<'_> {
        self.as_fd()
    }

    #[inline]
    fn write(&self, bytes: &[u8], mode: Mode) -> nix::Result<usize> {
        send(self.0.socket.as_raw_fd(), bytes, flags(mode))
    }

    fn writev(&self, buffers: &[IoSlice<'_>], mode: Mode) -> nix::Result<usize> {
        sendmsg::<()>(self.0.socket.as_raw_fd(), buffers, &[], flags(mode), None)
    }
}
// ANCHOR_END: stream
