//! Two rings, one in each direction, as a [`Transport`].

use std::time::Duration;

use super::SLICE;
use super::bell::Bell;
use super::in_place::{Peeked, Reservation};
use super::layout::MAX_MESSAGE;
use super::memory::{Memory, Region};
use super::record;
use super::seat::{Kind, Seat};
use super::spsc::{Receiver, Sender};
use crate::{Deadline, Error, Result, Transport, last_look};

const BLOCKING: &str = "a call without a timeout waits until it is done";

/// One end of a link through shared memory.
#[derive(Debug)]
pub struct RingLink<M: Memory> {
    seat: Seat<M>,
    sender: Sender,
    receiver: Receiver,
    /// What the peer did wrong. Nothing it says after that is believed.
    broken: Option<&'static str>,
}

impl<M: Memory> RingLink<M> {
    /// What the segment must be made for.
    pub const KIND: Kind = Kind::Ring;

    /// Begins to talk from `seat`, once the other side is there too.
    pub fn new(seat: Seat<M>) -> Self {
        Self { seat, sender: Sender::default(), receiver: Receiver::default(), broken: None }
    }

    /// Joins at a segment and says so to the owner; `None` if nobody waits there.
    ///
    /// # Errors
    /// As [`Seat::claim`].
    pub fn join(region: Region<M>) -> Result<Option<Self>> {
        let seat = Seat::claim(region, Self::KIND)?;
        Ok(seat.map(|seat| {
            seat.ready();
            Self::new(seat)
        }))
    }

    /// Length of the shared segment, in bytes.
    pub fn segment_size(&self) -> usize {
        self.seat.region().size()
    }

    /// The shared memory itself.
    pub const fn memory(&self) -> &M {
        self.seat.region().memory()
    }

    /// Room for a message of `len` bytes, to be written where it lies; waits for it as long as it takes. Nothing is
    /// sent before [`commit`](Reservation::commit).
    ///
    /// # Errors
    /// As [`send`](Transport::send).
    pub fn reserve(&mut self, len: usize) -> Result<Reservation<'_, M>> {
        self.sleep_until(None, Self::room, |link| link.has_room(len))?.expect(BLOCKING);
        Ok(Reservation::new(self, len))
    }

    /// The same if there is room now; `None` says "not now".
    ///
    /// # Errors
    /// As [`send`](Transport::send).
    pub fn try_reserve(&mut self, len: usize) -> Result<Option<Reservation<'_, M>>> {
        Ok(self.has_room(len)?.map(|()| Reservation::new(self, len)))
    }

    /// The next message, to be read where it lies; waits for it as long as it takes. It stays the next message until
    /// [`release`](Peeked::release).
    ///
    /// # Errors
    /// As [`recv`](Transport::recv), but no buffer is too small.
    pub fn peek(&mut self) -> Result<Peeked<'_, M>> {
        let len = self.sleep_until(None, Self::arrival, Self::next)?.expect(BLOCKING);
        Ok(Peeked::new(self, len))
    }

    /// The same if there is one now; `None` says "not now".
    ///
    /// # Errors
    /// As [`peek`](Self::peek). As with [`try_recv`](Transport::try_recv), a peer that was killed may show as `None`
    /// for ever.
    pub fn try_peek(&mut self) -> Result<Option<Peeked<'_, M>>> {
        Ok(self.next()?.map(|len| Peeked::new(self, len)))
    }

    /// Whether a message of `len` bytes can be written now.
    #[inline]
    fn has_room(&mut self, len: usize) -> Result<Option<()>> {
        self.unless_broken(|link| {
            if link.seat.peer_left()? {
                return Err(Error::Disconnected);
            }
            let room = record::has_room(link.seat.region(), link.mine(), &mut link.sender, len)?;
            Ok(room.then_some(()))
        })
    }

    /// The length of the next message, if there is one.
    #[inline]
    fn next(&mut self) -> Result<Option<usize>> {
        self.unless_broken(|link| {
            // In this order: what was sent before it left is found after we know that it left.
            let left = link.seat.peer_left()?;
            match record::next(link.seat.region(), link.peers(), &mut link.receiver)? {
                None if left => Err(Error::Disconnected),
                next => Ok(next),
            }
        })
    }

    /// The shared memory, and where in it the message lies that is written next.
    #[inline]
    pub(super) fn outgoing(&self) -> (&Region<M>, usize) {
        (self.seat.region(), record::payload(self.mine(), self.sender.position()))
    }

    /// The shared memory, and where in it the message lies that is read next.
    #[inline]
    pub(super) fn incoming(&self) -> (&Region<M>, usize) {
        (self.seat.region(), record::payload(self.peers(), self.receiver.position()))
    }

    /// Sends what was written to [`outgoing`](Self::outgoing), `len` bytes for which there is room.
    #[inline]
    pub(super) fn commit(&mut self, len: usize) -> Result<()> {
        self.unless_broken(|link| {
            record::commit(link.seat.region(), link.mine(), &mut link.sender, len);
            Ok(())
        })
    }

    /// Gives the room of the next message, of `len` bytes, back.
    #[inline]
    pub(super) fn release(&mut self, len: usize) -> Result<()> {
        self.unless_broken(|link| {
            record::release(link.seat.region(), link.peers(), &mut link.receiver, len);
            Ok(())
        })
    }

    /// The ring on which we send; the other is the peer's.
    const fn mine(&self) -> usize {
        self.seat.side()
    }

    const fn peers(&self) -> usize {
        1 - self.seat.side()
    }

    /// Where we sleep until there is room.
    fn room(&self) -> &Bell {
        &self.seat.region().control().rings[self.mine()].sender
    }

    /// Where we sleep until there is a message.
    fn arrival(&self) -> &Bell {
        &self.seat.region().control().rings[self.peers()].receiver
    }

    /// Refuses a broken link, and notes what breaks one.
    #[inline]
    fn unless_broken<T>(&mut self, attempt: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if let Some(reason) = self.broken {
            return Err(Error::Corrupt(reason));
        }
        // Only then is it known whether what was read were the peer's bytes.
        let result = attempt(self);
        let result = self.seat.region().intact().and(result);
        if let Err(Error::Corrupt(reason)) = result {
            self.broken = Some(reason);
        }
        result
    }

    // ANCHOR: sleep_until
    /// Repeats `attempt` until it is done `timeout`, if there is one, is over, and sleeps at `bell` in between.
    ///
    /// Never for longer than a [`SLICE`], since a peer that was killed rings no bell.
    fn sleep_until<T>(
        &mut self,
        timeout: Option<Duration>,
        bell: fn(&Self) -> &Bell,
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
            bell(self).arm();
            let looked_again = attempt(self);
            if matches!(looked_again, Ok(None)) {
                bell(self).sleep(deadline.left(SLICE));
            }
            bell(self).disarm();
            if let Some(done) = looked_again? {
                return Ok(Some(done));
            }
            if let Some(done) = attempt(self)? {
                return Ok(Some(done));
            }
            // Woken for nothing: the time is over, or a signal came.
            if let Err(gone) = self.check_peer() {
                return last_look(gone, || attempt(self)).map(Some);
            }
            if deadline.has_passed() {
                return Ok(None);
            }
        }
    }
    // ANCHOR_END: sleep_until
}

impl<M: Memory> Transport for RingLink<M> {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.sleep_until(None, Self::room, |link| link.try_send(message)).map(|sent| sent.expect(BLOCKING))
    }

    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.sleep_until(None, Self::arrival, |link| link.try_recv(buffer)).map(|len| len.expect(BLOCKING))
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.sleep_until(Some(timeout), Self::room, |link| link.try_send(message))
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        self.sleep_until(Some(timeout), Self::arrival, |link| link.try_recv(buffer))
    }

    #[inline]
    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        let Some(()) = self.has_room(message.len())? else { return Ok(None) };
        let (region, offset) = self.outgoing();
        region.write(offset, message);
        self.commit(message.len()).map(Some)
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

    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }

    fn check_peer(&mut self) -> Result<()> {
        self.seat.check_peer()
    }
}
