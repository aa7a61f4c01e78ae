//! The half of a link that receives: its steps, which `in_place.rs` uses as well, and the calls that are made of them.

use std::sync::Arc;
use std::time::Duration;

use super::attachment::Attachment;
use super::eventcount::EventCount;
use super::half::{BLOCKING, Half};
use super::layout::MAX_MESSAGE;
use super::memory::{Memory, Region};
use super::place::Place;
use super::record::{self, NOTHING};
use super::{WakeAtEnd, spsc};
use crate::interrupt::Interruptible;
use crate::{Endpoint, Error, Receiver, Result, Streak};

/// The half of a [`RingLink`](super::RingLink) that receives.
#[derive(Debug)]
pub struct RingReceiver<M: Memory> {
    place: Arc<Place<M>>,
    ring: spsc::Receiver,
    streak: Streak,
    wait: Arc<Interruptible>,
    wake_at_end: WakeAtEnd,
}

const IMPOSSIBLE_LENGTH: Error = Error::Corrupt("a record longer than any message can be");

impl<M: Memory> RingReceiver<M> {
    /// Starts to receive at `place`, through the ring of the other side's number.
    pub(super) fn new(place: Arc<Place<M>>) -> Self {
        let number = 1 - place.attachment.side();
        let wait = Arc::default();
        Self {
            ring: spsc::Receiver::new(number),
            streak: Streak::default(),
            wake_at_end: place.wake_at_end(&wait, move |rings| &rings[number].receiver),
            wait,
            place,
        }
    }

    /// Returns the length of the next message, if there is one.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<usize>> {
        let Self { place, ring, .. } = self;
        let header = ring.next(place.region());
        match record::len(header) {
            _ if place.is_broken() => self.look_again(),
            Some(len) => Ok(Some(len)),
            None if header == NOTHING && place.is_peer_here() => Ok(None),
            None => self.look_again(),
        }
    }

    /// Looks again, once more is known about the peer and the memory.
    #[cold]
    fn look_again(&mut self) -> Result<Option<usize>> {
        let Self { place, ring, .. } = self;
        place.unless_broken(|attachment| {
            // In this order: once we know that the peer sends no more, everything it sent before can be found.
            let ended = attachment.peer_sends_no_more()?;
            match ring.next(attachment.region()) {
                NOTHING if ended => Err(Error::Disconnected),
                NOTHING => Ok(None),
                header => record::len(header).map(Some).ok_or(IMPOSSIBLE_LENGTH),
            }
        })
    }

    /// Returns the shared memory, and the offset in it of the next message to be read.
    #[inline]
    pub(super) fn incoming(&self) -> (&Region<M>, usize) {
        (self.region(), self.ring.payload())
    }

    /// Gives the room of the next message, of `len` bytes, back to the sender.
    #[inline]
    pub(super) fn release(&mut self, len: usize) -> Result<()> {
        let Self { place, ring, .. } = self;
        ring.release(place.region(), len);
        place.check_memory()
    }

    fn region(&self) -> &Region<M> {
        self.place.region()
    }
}

impl<M: Memory> Half<M> for RingReceiver<M> {
    fn attachment(&self) -> &Attachment<M> {
        &self.place.attachment
    }

    /// Sleeps until there is a message.
    fn eventcount(&self) -> &EventCount {
        &self.ring.ring(self.region()).receiver
    }

    fn streak(&mut self) -> &mut Streak {
        &mut self.streak
    }

    fn wake_at_end(&self) -> &WakeAtEnd {
        &self.wake_at_end
    }

    fn wait(&self) -> &Interruptible {
        &self.wait
    }
}

impl<M: Memory> Drop for RingReceiver<M> {
    fn drop(&mut self) {
        self.place.attachment.end_receiving();
    }
}

impl<M: Memory> Endpoint for RingReceiver<M> {
    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }
}

impl<M: Memory> Receiver for RingReceiver<M> {
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.sleep_until(None, |half| half.try_recv(buffer)).map(|len| len.expect(BLOCKING))
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        self.sleep_until(Some(timeout), |half| half.try_recv(buffer))
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
        let attachment = self.attachment();
        if attachment.peer_sends_no_more()? { Err(Error::Disconnected) } else { attachment.check_peer() }
    }
}
