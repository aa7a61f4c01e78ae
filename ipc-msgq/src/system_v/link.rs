//! A connected end: whole messages over one queue, and noticing when the peer is gone.

use std::time::Duration;

use ipc_core::process::PeerProcess;
use ipc_core::{Deadline, Endpoint, Error, Receiver, Result, Sender};
use nix::errno::Errno;

use super::protocol::{Hello, Party, QueueEnd, max_message};
use crate::wake_timer::{PeriodicWakeUp, TICK};
use crate::{Message, Queue};

/// The last byte of each message, behind the caller's bytes. With it, no message of a caller has length zero, which is
/// the end-of-stream marker.
const DATA: u8 = 0xD1;

/// The last byte of an empty message. One more byte precedes it, so that every message has at least two bytes and the
/// end-of-stream marker always fits: see [`QueueEnd`]'s `Drop`.
const EMPTY: u8 = 0xE0;

/// One end of a link over a System V queue. Dropping it tells the peer that nothing more will come.
///
/// ```
/// # use std::time::Duration;
/// # use ipc_core::{Mechanism, Receiver, Sender, Setup};
/// # use ipc_msgq::{Message, SystemV};
/// # let timeout = Duration::from_secs(30);
/// # let setup = Setup::default();
/// # let mut meeting = SystemV::create(None, &setup)?;
/// # let mut joiner = SystemV::join(&meeting.address(), &setup, timeout)?;
/// let owner = meeting.accept(timeout)?;
/// // Bypassing the protocol: no link sends such a message.
/// owner.queue().send(&Message::new(owner.outbound(), b"garbage"))?;
/// assert!(matches!(joiner.recv(&mut [0; 10]), Err(ipc_core::Error::Corrupt(_))));
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Debug)]
pub struct SystemVLink {
    end: QueueEnd,
    peer: PeerProcess,
    wake_up: PeriodicWakeUp,
    outbox: Message,
    inbox: Message,
    /// The message in `inbox` did not fit the caller's buffer: the next call returns it.
    kept: bool,
    /// The peer has closed its end or died: no process receives what this end sends, and nothing new comes.
    gone: bool,
    max_message: usize,
}

impl SystemVLink {
    pub(crate) fn new(end: QueueEnd, peer: &Hello) -> Result<Self> {
        let own = max_message(end.queue)?;
        let max_message = own.min(usize::try_from(peer.max_message).unwrap_or(own));
        Ok(Self {
            peer: PeerProcess::watch(peer.process)?,
            wake_up: PeriodicWakeUp::start()?,
            outbox: {
                let mut outbox = Message::with_capacity(max_message + 1);
                outbox.set_kind(end.party.outbound());
                outbox
            },
            inbox: Message::with_capacity(max_message + 1),
            kept: false,
            gone: false,
            max_message,
            end,
        })
    }

    /// Returns the queue, for use without the protocol.
    #[must_use]
    pub const fn queue(&self) -> Queue {
        self.end.queue
    }

    /// Returns the type of the messages that this end sends, for use of the queue without the protocol.
    #[must_use]
    pub const fn outbound(&self) -> crate::MessageType {
        self.end.party.outbound()
    }

    const fn peer_party(&self) -> Party {
        self.end.party.other()
    }

    /// Puts `message` and its last byte into the outbox.
    #[inline]
    fn pack(&mut self, message: &[u8]) -> Result<()> {
        if message.len() > self.max_message {
            return Err(Error::TooLarge { len: message.len(), max: self.max_message });
        }
        if message.is_empty() {
            self.outbox.set_text(2).copy_from_slice(&[0, EMPTY]);
        } else {
            let text = self.outbox.set_text(message.len() + 1);
            text[..message.len()].copy_from_slice(message);
            text[message.len()] = DATA;
        }
        Ok(())
    }

    /// Copies the message in the inbox to the caller.
    #[inline]
    fn unpack(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let message = match self.inbox.text() {
            [] => {
                self.gone = true;
                return Err(Error::Disconnected);
            }
            [message @ .., DATA] if !message.is_empty() => message,
            [_, EMPTY] => &[],
            _ => return Err(Error::Corrupt("the queue holds a message that was not sent by ipc-msgq")),
        };
        let needed = message.len();
        self.kept = needed > buffer.len();
        if self.kept {
            return Err(Error::BufferTooSmall { needed });
        }
        buffer[..needed].copy_from_slice(message);
        Ok(needed)
    }

    /// Interprets the error of a refused call on the queue.
    #[cold]
    fn refused(&mut self, error: Error) -> Error {
        match error.errno() {
            // The queue is gone with its peer, if the peer had no ownership lock to share; otherwise it was removed in
            // use.
            Some(Errno::EIDRM | Errno::EINVAL) if self.queue().is_gone() => {
                if self.peer.is_alive() {
                    return self.queue().removed(error);
                }
                self.gone = true;
                Error::Disconnected
            }
            Some(Errno::E2BIG) => Error::Corrupt("the queue holds a message longer than this link carries"),
            _ => error,
        }
    }
}

impl SystemVLink {
    fn check_peer(&mut self) -> Result<()> {
        if !self.gone {
            let closed = self.end.queue.try_recv(self.peer_party().closed(), &mut Message::with_capacity(0));
            let closed = match closed.map_err(|error| self.refused(error)) {
                Ok(note) => note.is_some(),
                Err(error) if error.errno() == Some(Errno::EIDRM) => return Err(error),
                Err(_) => true, // an invalid note, or the queue went with the peer
            };
            self.gone = closed || !self.peer.is_alive();
        }
        if self.gone { Err(Error::Disconnected) } else { Ok(()) }
    }
}

impl Endpoint for SystemVLink {
    fn max_message(&self) -> usize {
        self.max_message
    }
}

impl Sender for SystemVLink {
    // ANCHOR: send
    #[inline]
    fn send(&mut self, message: &[u8]) -> Result<()> {
        if self.try_send(message)?.is_some() {
            return Ok(()); // the usual case: one system call
        }
        loop {
            self.check_peer()?; // a queue that stays full may have no receiver left
            let Self { wake_up, end, outbox, .. } = self;
            match wake_up.during(|| end.queue.send(outbox)) {
                Err(error) if error.errno() == Some(Errno::EINTR) => {}
                sent => return sent.map_err(|error| self.refused(error)),
            }
        }
    }
    // ANCHOR_END: recv

    /// Uses the wake-up timer for calls with a deadline: see [`Queue::send_until`].
    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        let deadline = Deadline::after(timeout);
        let mut sent = self.try_send(message)?;
        while sent.is_none() && !timeout.is_zero() {
            self.check_peer()?;
            if deadline.has_passed() {
                break;
            }
            let answer = self.queue().send_until(&self.outbox, deadline.left(TICK));
            sent = answer.map_err(|error| self.refused(error))?;
        }
        Ok(sent)
    }

    #[inline]
    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.pack(message)?;
        if self.gone {
            return Err(Error::Disconnected);
        }
        self.end.queue.try_send(&self.outbox).map_err(|error| self.refused(error))
    }

    fn check_receiver(&mut self) -> Result<()> {
        self.check_peer()
    }
}

impl Receiver for SystemVLink {
    // ANCHOR_END: send

    // ANCHOR: recv
    #[inline]
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let kind = self.peer_party().outbound();
        while !self.kept && !self.gone {
            let Self { wake_up, end, inbox, .. } = self;
            match wake_up.during(|| end.queue.recv(kind, inbox)) {
                Ok(()) => return self.unpack(buffer),
                Err(error) if error.errno() == Some(Errno::EINTR) => {
                    let _ = self.check_peer(); // records whether it is gone
                }
                Err(error) => return Err(self.refused(error)),
            }
        }
        // A peer that is gone sends nothing new: only messages already in the queue can come.
        self.try_recv(buffer)?.ok_or(Error::Disconnected)
    }

    /// Uses the wake-up timer, as [`send_timeout`](Self::send_timeout) does.
    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        let kind = self.peer_party().outbound();
        let deadline = Deadline::after(timeout);
        while !self.kept && !self.gone && !timeout.is_zero() {
            let received = self.queue().recv_until(kind, &mut self.inbox, deadline.left(TICK));
            if received.map_err(|error| self.refused(error))?.is_some() {
                return self.unpack(buffer).map(Some);
            }
            let _ = self.check_peer(); // records whether it is gone
            if deadline.has_passed() {
                break;
            }
        }
        self.try_recv(buffer)
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        if !self.kept {
            let received = self.end.queue.try_recv(self.peer_party().outbound(), &mut self.inbox);
            if received.map_err(|error| self.refused(error))?.is_none() {
                return if self.gone { Err(Error::Disconnected) } else { Ok(None) };
            }
        }
        self.unpack(buffer).map(Some)
    }

    fn check_sender(&mut self) -> Result<()> {
        self.check_peer()
    }
}
