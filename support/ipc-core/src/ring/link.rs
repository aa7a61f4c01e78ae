//! Two rings, one in each direction, as a [`Transport`].

use std::time::Duration;

use super::SLICE;
use super::attachment::{Attachment, Layout};
use super::eventcount::EventCount;
use super::layout::MAX_MESSAGE;
use super::memory::{Memory, Region};
use super::record;
use super::spsc;
use crate::{Deadline, Endpoint, Error, Receiver, Result, Sender, last_look};

pub(super) const BLOCKING: &str = "a call without a timeout waits until it is done";

/// One end of a link through shared memory.
#[derive(Debug)]
pub struct RingLink<M: Memory> {
    attachment: Attachment<M>,
    sender: spsc::Sender,
    receiver: spsc::Receiver,
    /// The peer's offence, once there is one. Nothing it sends after that is believed.
    broken: Option<&'static str>,
}

impl<M: Memory> RingLink<M> {
    /// The layout that the segment must have.
    pub const LAYOUT: Layout = Layout::Ring;

    /// Starts to talk from `attachment`, once the other side is there too.
    pub fn new(attachment: Attachment<M>) -> Self {
        Self {
            attachment,
            sender: spsc::Sender::default(),
            receiver: spsc::Receiver::default(),
            broken: None,
        }
    }

    /// Joins a segment and tells the owner so; `None` if no owner waits there.
    ///
    /// # Errors
    /// As [`Attachment::claim`].
    pub fn join(region: Region<M>) -> Result<Option<Self>> {
        let attachment = Attachment::claim(region, Self::LAYOUT)?;
        Ok(attachment.map(|attachment| {
            attachment.ready();
            Self::new(attachment)
        }))
    }

    /// Returns the length of the shared segment, in bytes.
    pub fn segment_size(&self) -> usize {
        self.attachment.region().size()
    }

    /// Returns the shared memory itself.
    pub const fn memory(&self) -> &M {
        self.attachment.region().memory()
    }

    /// Returns `Some` if a message of `len` bytes can be written now.
    #[inline]
    pub(super) fn has_room(&mut self, len: usize) -> Result<Option<()>> {
        self.unless_broken(|link| {
            if link.attachment.peer_left()? {
                return Err(Error::Disconnected);
            }
            let room = record::has_room(link.attachment.region(), link.mine(), &mut link.sender, len)?;
            Ok(room.then_some(()))
        })
    }

    /// Returns the length of the next message, if there is one.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<usize>> {
        self.unless_broken(|link| {
            // In this order: once we know that the peer has left, everything it sent before can be found.
            let left = link.attachment.peer_left()?;
            match record::next(link.attachment.region(), link.peers(), &mut link.receiver)? {
                None if left => Err(Error::Disconnected),
                next => Ok(next),
            }
        })
    }

    /// Returns the shared memory, and the offset in it where the next message is to be written.
    #[inline]
    pub(super) fn outgoing(&self) -> (&Region<M>, usize) {
        (self.attachment.region(), record::payload(self.mine(), self.sender.position()))
    }

    /// Returns the shared memory, and the offset in it of the next message to be read.
    #[inline]
    pub(super) fn incoming(&self) -> (&Region<M>, usize) {
        (self.attachment.region(), record::payload(self.peers(), self.receiver.position()))
    }

    /// Sends the `len` bytes written to [`outgoing`](Self::outgoing), for which there is room.
    #[inline]
    pub(super) fn commit(&mut self, len: usize) -> Result<()> {
        self.unless_broken(|link| {
            record::commit(link.attachment.region(), link.mine(), &mut link.sender, len);
            Ok(())
        })
    }

    /// Gives the room of the next message, of `len` bytes, back to the sender.
    #[inline]
    pub(super) fn release(&mut self, len: usize) -> Result<()> {
        self.unless_broken(|link| {
            record::release(link.attachment.region(), link.peers(), &mut link.receiver, len);
            Ok(())
        })
    }

    /// Returns the ring on which we send; the other is the peer's.
    const fn mine(&self) -> usize {
        self.attachment.side()
    }

    const fn peers(&self) -> usize {
        1 - self.attachment.side()
    }

    /// Returns the eventcount where we sleep until there is room.
    pub(super) fn room(&self) -> &EventCount {
        &self.attachment.region().control().rings[self.mine()].sender
    }

    /// Returns the eventcount where we sleep until there is a message.
    pub(super) fn arrival(&self) -> &EventCount {
        &self.attachment.region().control().rings[self.peers()].receiver
    }

    /// Refuses a broken link, and records an error that breaks one.
    #[inline]
    fn unless_broken<T>(&mut self, attempt: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if let Some(reason) = self.broken {
            return Err(Error::Corrupt(reason));
        }
        // Only after the attempt is it known whether the bytes that were read are the peer's.
        let result = attempt(self);
        let result = self.attachment.region().intact().and(result);
        if let Err(Error::Corrupt(reason)) = result {
            self.broken = Some(reason);
        }
        result
    }

    // ANCHOR: sleep_until
    /// Repeats `attempt` until it succeeds or `timeout`, if any, has expired, and sleeps at `eventcount` in between.
    ///
    /// Never sleeps for longer than a [`SLICE`], since a killed peer notifies no one.
    pub(super) fn sleep_until<T>(
        &mut self,
        timeout: Option<Duration>,
        eventcount: fn(&Self) -> &EventCount,
        mut attempt: impl FnMut(&mut Self) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        if let Some(done) = attempt(self)? {
            return Ok(Some(done));
        }
        let deadline = timeout.map_or(Deadline::Never, Deadline::after);
        if deadline == Deadline::Now {
            return Ok(None);
        }
        loop {
            eventcount(self).prepare_to_wait();
            let looked_again = attempt(self);
            if matches!(looked_again, Ok(None)) {
                eventcount(self).wait(deadline.left(SLICE));
            }
            eventcount(self).finish_wait();
            if let Some(done) = looked_again? {
                return Ok(Some(done));
            }
            if let Some(done) = attempt(self)? {
                return Ok(Some(done));
            }
            // No success: the slice has elapsed, a signal came, or the wake-up was spurious.
            if let Err(gone) = self.attachment.check_peer() {
                return last_look(gone, || attempt(self)).map(Some);
            }
            if deadline.has_passed() {
                return Ok(None);
            }
        }
    }
    // ANCHOR_END: sleep_until
}

impl<M: Memory> Endpoint for RingLink<M> {
    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }
}

impl<M: Memory> Sender for RingLink<M> {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.sleep_until(None, Self::room, |link| link.try_send(message)).map(|sent| sent.expect(BLOCKING))
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.sleep_until(Some(timeout), Self::room, |link| link.try_send(message))
    }

    #[inline]
    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        let Some(()) = self.has_room(message.len())? else { return Ok(None) };
        let (region, offset) = self.outgoing();
        region.write(offset, message);
        self.commit(message.len()).map(Some)
    }

    fn check_receiver(&mut self) -> Result<()> {
        self.attachment.check_peer()
    }
}

impl<M: Memory> Receiver for RingLink<M> {
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.sleep_until(None, Self::arrival, |link| link.try_recv(buffer)).map(|len| len.expect(BLOCKING))
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        self.sleep_until(Some(timeout), Self::arrival, |link| link.try_recv(buffer))
    }

    #[inline]
    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        let Some(len) = self.next()? else { return Ok(None) };
        let Some(buffer) = buffer.get_mut(..len) else {
            return Err(Error::BufferTooSmall { needed: len }); // not released: kept
        };
        let (region, offset) = self.incoming();
        region.read(offset, buffer);
        self.release(len)?;
        Ok(Some(len))
    }

    fn check_sender(&mut self) -> Result<()> {
        self.attachment.check_peer()
    }
}
