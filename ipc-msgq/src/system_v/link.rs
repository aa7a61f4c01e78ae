//! A connected end: whole messages over one queue, and noticing when the peer is gone.

use std::sync::Arc;
use std::time::Duration;

use ipc_core::{Deadline, Endpoint, Error, Receiver, Result, Sender, Split};
use nix::errno::Errno;

use super::peer::Peer;
use super::protocol::{Hello, QueueEnd, Receiving, Sending, max_message};
use crate::wake_timer::{PeriodicWakeUp, TICK};
use crate::{Message, MessageType, Queue};

/// The last byte of each message, behind the caller's bytes. With it, no message of a caller has length zero, which is
/// the end-of-stream marker.
const DATA: u8 = 0xD1;

/// The last byte of an empty message. One more byte precedes it, so that every message has at least two bytes and the
/// end-of-stream marker always fits: see `Side::tell`.
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
    // Dropped in this order, as the halves of a `QueueEnd`.
    receiver: SystemVReceiver,
    sender: SystemVSender,
}

/// The half of a [`SystemVLink`] that sends. Both directions share the capacity of the queue: once our receiver is dropped,
/// this half discards what the peer has sent, where it needs the room.
#[derive(Debug)]
pub struct SystemVSender {
    half: Sending,
    peer: Arc<Peer>,
    wake_up: PeriodicWakeUp,
    outbox: Message,
    max_message: usize,
}

/// The half of a [`SystemVLink`] that receives.
#[derive(Debug)]
pub struct SystemVReceiver {
    half: Receiving,
    peer: Arc<Peer>,
    wake_up: PeriodicWakeUp,
    inbox: Message,
    /// The message in `inbox` did not fit the caller's buffer: the next call returns it.
    kept: bool,
    /// The peer has closed its end, dropped its sender or died: nothing new comes.
    ended: bool,
    max_message: usize,
}

impl SystemVLink {
    pub(crate) fn new(end: QueueEnd, peer: &Hello) -> Result<Self> {
        let own = max_message(end.queue())?;
        let max_message = own.min(usize::try_from(peer.max_message).unwrap_or(own));
        let process = peer.process;
        let peer = Arc::new(Peer::watch(process)?);
        let QueueEnd { receiving, sending } = end;
        let mut outbox = Message::with_capacity(max_message + 1);
        outbox.set_kind(sending.0.party.outbound());
        Ok(Self {
            receiver: SystemVReceiver {
                half: receiving,
                peer: Arc::clone(&peer),
                wake_up: PeriodicWakeUp::start(process)?,
                inbox: Message::with_capacity(max_message + 1),
                kept: false,
                ended: false,
                max_message,
            },
            sender: SystemVSender {
                half: sending,
                peer,
                wake_up: PeriodicWakeUp::start(process)?,
                outbox,
                max_message,
            },
        })
    }

    /// Returns the queue, for use without the protocol.
    #[must_use]
    pub fn queue(&self) -> Queue {
        self.sender.half.0.queue
    }

    /// Returns the type of the messages that this end sends, for use of the queue without the protocol.
    #[must_use]
    pub fn outbound(&self) -> MessageType {
        self.sender.half.0.party.outbound()
    }
}

impl SystemVSender {
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

    #[cold]
    fn refused(&self, error: Error) -> Error {
        self.peer.refused(&self.half.0, error)
    }
}

impl SystemVReceiver {
    /// Returns the type of the peer's messages.
    fn inbound(&self) -> MessageType {
        self.half.0.party.other().outbound()
    }

    /// Copies the message in the inbox to the caller.
    #[inline]
    fn unpack(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let message = match self.inbox.text() {
            [] => {
                self.ended = true;
                self.peer.look_for_notice(&self.half.0)?; // most peers close both halves
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

    #[cold]
    fn refused(&self, error: Error) -> Error {
        self.peer.refused(&self.half.0, error)
    }
}

impl Sender for SystemVSender {
    // ANCHOR: send
    #[inline]
    fn send(&mut self, message: &[u8]) -> Result<()> {
        // The usual case: one system call.
        while self.try_send(message)?.is_none() {
            self.check_receiver()?; // a queue that stays full may have no receiver left
            let Self { wake_up, half, outbox, .. } = self;
            match wake_up.during(|| half.0.queue.send(outbox)) {
                Err(error) if error.errno() == Some(Errno::EINTR) => {}
                sent => return sent.map_err(|error| self.refused(error)),
            }
        }
        Ok(())
    }
    // ANCHOR_END: send

    /// Uses the wake-up timer for calls with a deadline: see [`Queue::send_until`].
    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        let deadline = Deadline::after(timeout);
        let mut sent = self.try_send(message)?;
        while sent.is_none() && !timeout.is_zero() {
            self.check_receiver()?;
            if deadline.has_passed() {
                break;
            }
            let answer = self.half.0.queue.send_until(&self.outbox, deadline.left(TICK));
            sent = match answer.map_err(|error| self.refused(error))? {
                None => self.try_send(message)?, // this may make room
                sent => sent,
            };
        }
        Ok(sent)
    }

    #[inline]
    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.pack(message)?;
        if self.peer.has_closed() {
            return Err(Error::Disconnected);
        }
        let Self { half, outbox, .. } = self;
        let sent = half.0.queue.try_send(outbox).and_then(|sent| match sent {
            None if half.discard_unwanted()? => half.0.queue.try_send(outbox),
            sent => Ok(sent),
        });
        sent.map_err(|error| self.refused(error))
    }

    fn check_receiver(&mut self) -> Result<()> {
        if !self.peer.has_closed() && self.peer.is_alive() {
            self.peer.look_for_notice(&self.half.0)?;
        }
        if self.peer.has_closed() { Err(Error::Disconnected) } else { Ok(()) }
    }
}

impl Receiver for SystemVReceiver {
    // ANCHOR: recv
    #[inline]
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let kind = self.inbound();
        while !self.kept && !self.ended {
            let Self { wake_up, half, inbox, .. } = self;
            match wake_up.during(|| half.0.queue.recv(kind, inbox)) {
                Ok(()) => return self.unpack(buffer),
                Err(error) if error.errno() == Some(Errno::EINTR) => {
                    let _ = self.check_sender(); // records whether it is gone
                }
                Err(error) => return Err(self.refused(error)),
            }
        }
        // A peer that is gone sends nothing new: only messages already in the queue can come.
        self.try_recv(buffer)?.ok_or(Error::Disconnected)
    }
    // ANCHOR_END: recv

    /// Uses the wake-up timer, as [`send_timeout`](Sender::send_timeout) does.
    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        let kind = self.inbound();
        let deadline = Deadline::after(timeout);
        while !self.kept && !self.ended && !timeout.is_zero() {
            let received = self.half.0.queue.recv_until(kind, &mut self.inbox, deadline.left(TICK));
            if received.map_err(|error| self.refused(error))?.is_some() {
                return self.unpack(buffer).map(Some);
            }
            let _ = self.check_sender(); // records whether it is gone
            if deadline.has_passed() {
                break;
            }
        }
        self.try_recv(buffer)
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        if !self.kept {
            let received = self.half.0.queue.try_recv(self.inbound(), &mut self.inbox);
            if received.map_err(|error| self.refused(error))?.is_none() {
                return if self.ended { Err(Error::Disconnected) } else { Ok(None) };
            }
        }
        self.unpack(buffer).map(Some)
    }

    /// Checks the peer's process. One that has dropped its sender is reported by [`try_recv`](Receiver::try_recv).
    fn check_sender(&mut self) -> Result<()> {
        self.ended |= !self.peer.is_alive();
        if self.ended { Err(Error::Disconnected) } else { Ok(()) }
    }
}

impl Split for SystemVLink {
    type Sender = SystemVSender;
    type Receiver = SystemVReceiver;

    #[inline]
    fn sender(&mut self) -> &mut SystemVSender {
        &mut self.sender
    }

    #[inline]
    fn receiver(&mut self) -> &mut SystemVReceiver {
        &mut self.receiver
    }

    fn split(self) -> (SystemVSender, SystemVReceiver) {
        (self.sender, self.receiver)
    }
}

impl Endpoint for SystemVLink {
    fn max_message(&self) -> usize {
        self.sender.max_message
    }
}

impl Endpoint for SystemVSender {
    fn max_message(&self) -> usize {
        self.max_message
    }
}

impl Endpoint for SystemVReceiver {
    fn max_message(&self) -> usize {
        self.max_message
    }
}
