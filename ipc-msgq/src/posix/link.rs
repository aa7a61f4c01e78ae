//! A connected end over two POSIX queues.

use std::time::Duration;

use ipc_core::{Deadline, Endpoint, Error, Receiver, Result, Sender};
use nix::errno::Errno;

use super::protocol::{DATA, END_OF_STREAM, QueuePair};
use super::{PosixQueue, Received};
use crate::wake_timer::{PeriodicWakeUp, TICK};

/// One end of a link over two POSIX queues. Dropping it tells the peer that nothing more will come.
///
/// The receiver of a queue holds a lock on it. The kernel releases the lock when the descriptor is closed, however the
/// process ends, and the sender tests the lock: that is how it notices a peer that has closed or died. The
/// end-of-stream marker only tells the receiver sooner; where the queue has no room for it, nothing is lost.
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
    queues: QueuePair,
    wake_up: PeriodicWakeUp,
    inbox: Box<[u8]>,
    /// The length of the message in `inbox` that did not fit the caller's buffer: the next call returns it.
    kept: Option<usize>,
    /// The peer has closed its end or died.
    gone: bool,
}

impl PosixLink {
    pub(super) fn new(queues: QueuePair) -> Result<Self> {
        let longest = queues.inbound.attributes()?.longest;
        Ok(Self {
            inbox: vec![0; longest].into(),
            wake_up: PeriodicWakeUp::start()?,
            queues,
            kept: None,
            gone: false,
        })
    }

    /// Returns the queue that this end sends to, for use without the protocol.
    #[must_use]
    pub const fn outbound(&self) -> &PosixQueue {
        &self.queues.outbound
    }

    /// Returns the queue that this end receives from. Its descriptor can be polled next to others; a message or the
    /// peer's end-of-stream marker makes it readable.
    #[must_use]
    pub const fn inbound(&self) -> &PosixQueue {
        &self.queues.inbound
    }

    fn check_len(&self, message: &[u8]) -> Result<()> {
        let (len, max) = (message.len(), self.max_message());
        if len > max { Err(Error::TooLarge { len, max }) } else { Ok(()) }
    }

    /// Receives a message into the inbox if there is one, and returns its length.
    fn try_fetch(&mut self) -> Result<Option<usize>> {
        let received = self.queues.inbound.try_recv(&mut self.inbox)?;
        received.map(|received| self.check(received)).transpose()
    }

    /// Returns the length of the message received into the inbox, if it is a message.
    #[inline]
    fn check(&mut self, received: Received) -> Result<usize> {
        match (received.priority, received.len) {
            (DATA, len) => Ok(len),
            (END_OF_STREAM, 0) => {
                self.gone = true;
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

impl PosixLink {
    fn check_peer(&mut self) -> Result<()> {
        self.gone = self.gone || !self.queues.outbound.is_locked_by_another()?;
        if self.gone { Err(Error::Disconnected) } else { Ok(()) }
    }
}

impl Endpoint for PosixLink {
    fn max_message(&self) -> usize {
        self.inbox.len()
    }
}

impl Sender for PosixLink {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.check_len(message)?;
        while !self.gone {
            let Self { wake_up, queues, .. } = self;
            match wake_up.during(|| queues.outbound.send(message, DATA)) {
                // A queue that stays full may have no receiver left.
                Err(error) if error.errno() == Some(Errno::EINTR) => self.check_peer()?,
                sent => return sent,
            }
        }
        Err(Error::Disconnected)
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        let deadline = Deadline::after(timeout);
        let mut sent = self.try_send(message)?;
        while sent.is_none() && !timeout.is_zero() {
            self.check_peer()?;
            if deadline.has_passed() {
                break;
            }
            sent = self.queues.outbound.send_within(message, DATA, deadline.left(TICK))?;
        }
        Ok(sent)
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.check_len(message)?;
        if self.gone { Err(Error::Disconnected) } else { self.queues.outbound.try_send(message, DATA) }
    }

    fn check_receiver(&mut self) -> Result<()> {
        self.check_peer()
    }
}

impl Receiver for PosixLink {
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while self.kept.is_none() && !self.gone {
            let Self { wake_up, queues, inbox, .. } = self;
            match wake_up.during(|| queues.inbound.recv(inbox)) {
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

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        let deadline = Deadline::after(timeout);
        while self.kept.is_none() && !self.gone && !timeout.is_zero() {
            if let Some(received) = self.queues.inbound.recv_within(&mut self.inbox, deadline.left(TICK))? {
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

    fn check_sender(&mut self) -> Result<()> {
        self.check_peer()
    }
}
