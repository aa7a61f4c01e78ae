//! Two rings, one in each direction, as a [`Transport`].

use super::SLICE;
use super::bell::Bell;
use super::layout::MAX_MESSAGE;
use super::memory::{Memory, Region};
use super::record;
use super::seat::{Kind, Seat};
use super::spsc::{Receiver, Sender};
use crate::{Error, Result, Transport};

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

    /// Overwrites the shared segment past all rules, as a hostile peer can. For tests.
    ///
    /// # Panics
    /// Out of bounds.
    pub fn scribble(&self, offset: usize, bytes: &[u8]) {
        self.seat.region().write(offset, bytes);
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
    fn unless_broken<T>(&mut self, attempt: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if let Some(reason) = self.broken {
            return Err(Error::Corrupt(reason));
        }
        let result = attempt(self);
        if let Err(Error::Corrupt(reason)) = result {
            self.broken = Some(reason);
        }
        result
    }

    // ANCHOR: sleep_until
    /// Repeats `attempt` until it is done, and sleeps at `bell` in between.
    ///
    /// Never for longer than a [`SLICE`], since a peer that was killed rings no bell.
    fn sleep_until<T>(
        &mut self,
        bell: fn(&Self) -> &Bell,
        mut attempt: impl FnMut(&mut Self) -> Result<Option<T>>,
    ) -> Result<T> {
        if let Some(done) = attempt(self)? {
            return Ok(done);
        }
        loop {
            bell(self).arm();
            let looked_again = attempt(self);
            if matches!(looked_again, Ok(None)) {
                bell(self).sleep(SLICE);
            }
            bell(self).disarm();
            if let Some(done) = looked_again? {
                return Ok(done);
            }
            if let Some(done) = attempt(self)? {
                return Ok(done);
            }
            // Woken for nothing: the time is over, or a signal came.
            if let Err(gone) = self.check_peer() {
                // Its last act may fall between our last look and its end.
                return attempt(self)?.ok_or(gone);
            }
        }
    }
    // ANCHOR_END: sleep_until
}

impl<M: Memory> Transport for RingLink<M> {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.sleep_until(Self::room, |link| link.try_send(message))
    }

    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.sleep_until(Self::arrival, |link| link.try_recv(buffer))
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.unless_broken(|link| {
            if link.seat.peer_left()? {
                return Err(Error::Disconnected);
            }
            record::write(link.seat.region(), link.mine(), &mut link.sender, message)
        })
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.unless_broken(|link| {
            // In this order: what was sent before it left is found after we know that it left.
            let left = link.seat.peer_left()?;
            match record::read(link.seat.region(), link.peers(), &mut link.receiver, buffer)? {
                None if left => Err(Error::Disconnected),
                received => Ok(received),
            }
        })
    }

    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }

    fn check_peer(&mut self) -> Result<()> {
        self.seat.check_peer()
    }
}
