//! A connected end over two POSIX queues.

use std::time::Duration;

use ipc_core::{Deadline, Error, MAX_MESSAGE, Result, Transport};
use nix::errno::Errno;

use super::meeting::{Hello, Side};
use super::{PosixQueue, Priority, Received};
use crate::alarm::Ticks;

/// The priority of the caller's messages.
const DATA: Priority = 1;
/// The priority of the farewell, which has length zero: the lowest, so it comes after everything sent before.
const FAREWELL: Priority = 0;

/// The time that a call with a timeout waits before it checks that the peer is still there. The alarm clock of the
/// process interrupts a call without a timeout for the same check.
const SLICE: Duration = Duration::from_millis(100);

/// One end of a link over two POSIX queues. Dropping it says goodbye.
///
/// The receiver of a queue holds a lock on it. The kernel releases the lock when the descriptor is closed, however the
/// process ends, and the sender tests the lock: that is how it notices a peer that has closed or died. The farewell is
/// only a courtesy, which tells the receiver at once; where the queue has no room for it, nothing is lost.
///
/// ```
/// # use std::time::Duration;
/// # use ipc_core::{Mechanism, Setup, Transport};
/// # use ipc_msgq::Posix;
/// # let patience = Duration::from_secs(30);
/// # use std::os::fd::AsFd;
/// # use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
/// # let setup = Setup::default();
/// # let mut meeting = Posix::create(None, &setup)?;
/// # let mut joiner = Posix::join(&meeting.address(), &setup, patience)?;
/// let mut owner = meeting.accept(patience)?;
/// joiner.send(b"hello")?;
/// poll(&mut [PollFd::new(owner.inbound().as_fd(), PollFlags::POLLIN)], PollTimeout::NONE).unwrap();
/// assert_eq!(owner.try_recv(&mut [0; 10])?, Some(5));
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Debug)]
pub struct PosixLink {
    side: Side,
    ticks: Ticks,
    inbox: Box<[u8]>,
    /// The length of the message in `inbox` that did not fit the caller's buffer: the next call returns it.
    kept: Option<usize>,
    /// The peer has closed its end or died.
    gone: bool,
}

impl PosixLink {
    pub(super) fn new(side: Side) -> Result<Self> {
        let longest = side.inbound.attributes()?.longest;
        Ok(Self { inbox: vec![0; longest].into(), ticks: Ticks::start()?, side, kept: None, gone: false })
    }

    /// Returns the queue that this end sends to, for use without the protocol.
    #[must_use]
    pub const fn outbound(&self) -> &PosixQueue {
        &self.side.outbound
    }

    /// Returns the queue that this end receives from. Its descriptor can be polled next to others; a message or the
    /// peer's farewell makes it readable.
    #[must_use]
    pub const fn inbound(&self) -> &PosixQueue {
        &self.side.inbound
    }

    fn check_len(&self, message: &[u8]) -> Result<()> {
        let (len, max) = (message.len(), self.max_message());
        if len > max { Err(Error::TooLarge { len, max }) } else { Ok(()) }
    }

    /// Receives a message into the inbox if there is one, and returns its length.
    fn try_fetch(&mut self) -> Result<Option<usize>> {
        let received = self.side.inbound.try_recv(&mut self.inbox)?;
        received.map(|received| self.check(received)).transpose()
    }

    /// Returns the length of the message received into the inbox, if it is a message.
    #[inline]
    fn check(&mut self, received: Received) -> Result<usize> {
        match (received.priority, received.len) {
            (DATA, len) => Ok(len),
            (FAREWELL, 0) => {
                self.gone = true;
                Err(Error::Disconnected)
            }
            _ => Err(Error::Corrupt("a message in the queue that no link has sent")),
        }
    }

    /// Copies the message of `len` bytes in the inbox to the caller.
    fn deliver(&mut self, len: usize, buffer: &mut [u8]) -> Result<usize> {
        if len > buffer.len() {
            self.kept = Some(len);
            return Err(Error::BufferTooSmall { needed: len });
        }
        self.kept = None;
        buffer[..len].copy_from_slice(&self.inbox[..len]);
        Ok(len)
    }
}

impl Transport for PosixLink {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.check_len(message)?;
        while !self.gone {
            let Self { ticks, side, .. } = self;
            match ticks.during(|| side.outbound.send(message, DATA)) {
                // A queue that stays full may have no receiver left.
                Err(error) if error.errno() == Some(Errno::EINTR) => self.check_peer()?,
                sent => return sent,
            }
        }
        Err(Error::Disconnected)
    }

    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while self.kept.is_none() && !self.gone {
            let Self { ticks, side, inbox, .. } = self;
            match ticks.during(|| side.inbound.recv(inbox)) {
                Err(error) if error.errno() == Some(Errno::EINTR) => {
                    let _ = self.check_peer(); // records whether it is gone
                }
                received => {
                    let len = self.check(received?)?;
                    return self.deliver(len, buffer);
                }
            }
        }
        // A peer that is gone sends nothing new: only messages already in the queue can come.
        self.try_recv(buffer)?.ok_or(Error::Disconnected)
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        let deadline = Deadline::after(timeout);
        let mut sent = self.try_send(message)?;
        while sent.is_none() && !timeout.is_zero() {
            self.check_peer()?;
            if deadline.has_passed() {
                break;
            }
            sent = self.side.outbound.send_within(message, DATA, deadline.left(SLICE))?;
        }
        Ok(sent)
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        let deadline = Deadline::after(timeout);
        while self.kept.is_none() && !self.gone && !timeout.is_zero() {
            if let Some(received) = self.side.inbound.recv_within(&mut self.inbox, deadline.left(SLICE))? {
                let len = self.check(received)?;
                return self.deliver(len, buffer).map(Some);
            }
            let _ = self.check_peer(); // records whether it is gone
            if deadline.has_passed() {
                break;
            }
        }
        self.try_recv(buffer)
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.check_len(message)?;
        if self.gone { Err(Error::Disconnected) } else { self.side.outbound.try_send(message, DATA) }
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        let len = match self.kept {
            Some(len) => Some(len),
            None => self.try_fetch()?,
        };
        match len {
            Some(len) => self.deliver(len, buffer).map(Some),
            None if self.gone => Err(Error::Disconnected),
            None => Ok(None),
        }
    }

    fn max_message(&self) -> usize {
        self.inbox.len()
    }

    fn check_peer(&mut self) -> Result<()> {
        self.gone = self.gone || !self.side.outbound.is_locked_by_another()?;
        if self.gone { Err(Error::Disconnected) } else { Ok(()) }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        let _ = self.outbound.try_send(&[], FAREWELL); // no room: the peer notices when the lock is released
    }
}

/// Returns the longest message of such a queue, or an error if the other side has made the queues unusable.
pub(super) fn check_longest(queue: &PosixQueue) -> Result<()> {
    match queue.attributes()?.longest {
        Hello::SIZE..=MAX_MESSAGE => Ok(()),
        _ => Err(Error::Corrupt("a queue that no link has made: its messages are too short or too long")),
    }
}
