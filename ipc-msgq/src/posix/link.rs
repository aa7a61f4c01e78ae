//! A connected end over two POSIX queues.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::Duration;

use ipc_core::process::ProcessId;
use ipc_core::{Deadline, Endpoint, Error, Receiver, Result, Sender, Split};
use nix::errno::Errno;

use super::protocol::{DATA, END_OF_STREAM, Inbound, Outbound, QueuePair};
use super::{PosixQueue, Received};
use crate::wake_timer::{PeriodicWakeUp, TICK};

/// One end of a link over two POSIX queues. Dropping it tells the peer that nothing more will come.
///
/// The receiver of a queue holds a lock on it, and the sender another one, its mark. The kernel releases them when the
/// descriptor is closed, however the process ends, and each tests the other's: that is how it notices a peer that has
/// closed or died. The end-of-stream marker only tells the receiver sooner; where the queue has no room for it, nothing
/// is lost.
///
/// ```
/// # use std::time::Duration;
/// # use ipc_core::{Mechanism, Receiver, Sender, Setup};
/// # use ipc_msgq::Posix;
/// # let timeout = Duration::from_secs(30);
/// # use std::os::fd::AsFd;
/// # use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
/// # let setup = Setup::default();
/// # let mut meeting = Posix::create(None, &setup)?;
/// # let mut joiner = Posix::join(&meeting.address(), &setup, timeout)?;
/// let mut owner = meeting.accept(timeout)?;
/// joiner.send(b"hello")?;
/// poll(&mut [PollFd::new(owner.inbound().as_fd(), PollFlags::POLLIN)], PollTimeout::NONE).unwrap();
/// assert_eq!(owner.try_recv(&mut [0; 10])?, Some(5));
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Debug)]
pub struct PosixLink {
    // Dropped in this order, as the halves of a `QueuePair`.
    receiver: PosixReceiver,
    sender: PosixSender,
}

/// The half of a [`PosixLink`] that sends.
#[derive(Debug)]
pub struct PosixSender {
    outbound: Outbound,
    wake_up: PeriodicWakeUp,
    /// The peer receives no more.
    closed: bool,
    max_message: usize,
}

/// The half of a [`PosixLink`] that receives.
#[derive(Debug)]
pub struct PosixReceiver {
    inbound: Inbound,
    wake_up: PeriodicWakeUp,
    inbox: Box<[u8]>,
    /// The length of the message in `inbox` that did not fit the caller's buffer: the next call returns it.
    kept: Option<usize>,
    /// The peer has closed its end, dropped its sender or died.
    ended: bool,
}

impl PosixLink {
    pub(super) fn new(queues: QueuePair, peer: ProcessId) -> Result<Self> {
        let QueuePair { inbound, outbound } = queues;
        let longest = inbound.queue.attributes()?.longest;
        Ok(Self {
            receiver: PosixReceiver {
                inbound,
                wake_up: PeriodicWakeUp::start(peer)?,
                inbox: vec![0; longest].into(),
                kept: None,
                ended: false,
            },
            sender: PosixSender {
                outbound,
                wake_up: PeriodicWakeUp::start(peer)?,
                closed: false,
                max_message: longest,
            },
        })
    }

    /// Returns the queue that this end sends to, for use without the protocol.
    #[must_use]
    pub const fn outbound(&self) -> &PosixQueue {
        &self.sender.outbound.queue
    }

    /// Returns the queue that this end receives from. Its descriptor can be polled next to others; a message or the
    /// peer's end-of-stream marker makes it readable.
    #[must_use]
    pub const fn inbound(&self) -> &PosixQueue {
        &self.receiver.inbound.queue
    }
}

impl PosixSender {
    fn check_len(&self, message: &[u8]) -> Result<()> {
        let (len, max) = (message.len(), self.max_message);
        if len > max { Err(Error::TooLarge { len, max }) } else { Ok(()) }
    }
}

impl PosixReceiver {
    /// Receives a message into the inbox if there is one, and returns its length.
    fn try_fetch(&mut self) -> Result<Option<usize>> {
        let received = self.inbound.queue.try_recv(&mut self.inbox)?;
        received.map(|received| self.check(received)).transpose()
    }

    /// Returns the length of the message received into the inbox, if it is a message.
    #[inline]
    fn check(&mut self, received: Received) -> Result<usize> {
        match (received.priority, received.len) {
            (DATA, len) => Ok(len),
            (END_OF_STREAM, 0) => {
                self.ended = true;
                Err(Error::Disconnected)
            }
            _ => Err(Error::Corrupt("the queue holds a message that was not sent by ipc-msgq")),
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

impl Sender for PosixSender {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.check_len(message)?;
        while !self.closed {
            let Self { wake_up, outbound, .. } = self;
            match wake_up.during(|| outbound.queue.send(message, DATA)) {
                // A queue that stays full may have no receiver left.
                Err(error) if error.errno() == Some(Errno::EINTR) => self.check_receiver()?,
                sent => return sent,
            }
        }
        Err(Error::Disconnected)
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        let deadline = Deadline::after(timeout);
        let mut sent = self.try_send(message)?;
        while sent.is_none() && !timeout.is_zero() {
            self.check_receiver()?;
            if deadline.has_passed() {
                break;
            }
            sent = self.outbound.queue.send_within(message, DATA, deadline.left(TICK))?;
        }
        Ok(sent)
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.check_len(message)?;
        if self.closed { Err(Error::Disconnected) } else { self.outbound.queue.try_send(message, DATA) }
    }

    /// Checks the lock of the peer's receiver.
    fn check_receiver(&mut self) -> Result<()> {
        self.closed = self.closed || !self.outbound.queue.is_locked_by_another()?;
        if self.closed { Err(Error::Disconnected) } else { Ok(()) }
    }
}

impl Receiver for PosixReceiver {
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while self.kept.is_none() && !self.ended {
            let Self { wake_up, inbound, inbox, .. } = self;
            match wake_up.during(|| inbound.queue.recv(inbox)) {
                Err(error) if error.errno() == Some(Errno::EINTR) => {
                    let _ = self.check_sender(); // records whether it is gone
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

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        let deadline = Deadline::after(timeout);
        while self.kept.is_none() && !self.ended && !timeout.is_zero() {
            let received = self.inbound.queue.recv_within(&mut self.inbox, deadline.left(TICK))?;
            if let Some(received) = received {
                let len = self.check(received)?;
                return self.deliver(len, buffer).map(Some);
            }
            let _ = self.check_sender(); // records whether it is gone
            if deadline.has_passed() {
                break;
            }
        }
        self.try_recv(buffer)
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        let len = match self.kept {
            Some(len) => Some(len),
            None => self.try_fetch()?,
        };
        match len {
            Some(len) => self.deliver(len, buffer).map(Some),
            None if self.ended => Err(Error::Disconnected),
            None => Ok(None),
        }
    }

    /// Checks the mark of the peer's sender.
    fn check_sender(&mut self) -> Result<()> {
        self.ended = self.ended || !self.inbound.queue.is_marked_by_another()?;
        if self.ended { Err(Error::Disconnected) } else { Ok(()) }
    }
}

impl Split for PosixLink {
    type Sender = PosixSender;
    type Receiver = PosixReceiver;

    fn sender(&mut self) -> &mut PosixSender {
        &mut self.sender
    }

    fn receiver(&mut self) -> &mut PosixReceiver {
        &mut self.receiver
    }

    fn split(self) -> (PosixSender, PosixReceiver) {
        (self.sender, self.receiver)
    }
}

impl Endpoint for PosixLink {
    fn max_message(&self) -> usize {
        self.sender.max_message
    }
}

impl Endpoint for PosixSender {
    fn max_message(&self) -> usize {
        self.max_message
    }
}

impl Endpoint for PosixReceiver {
    fn max_message(&self) -> usize {
        self.inbox.len()
    }
}

/// Polls writable when there is room; says nothing of a peer that is killed: see [`Sender::check_receiver`].
impl AsFd for PosixSender {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.outbound.queue.as_fd()
    }
}

/// Polls readable when there is a message, or the peer's end-of-stream marker; says nothing of a peer that is killed, or
/// that leaves a full queue, where the marker has no room: see [`Receiver::check_sender`].
impl AsFd for PosixReceiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inbound.queue.as_fd()
    }
}

/// Required by tokio's `AsyncFd`.
impl AsRawFd for PosixSender {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// Required by tokio's `AsyncFd`.
impl AsRawFd for PosixReceiver {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
