//! The half of a link that sends: its steps, which `in_place.rs` uses as well, and the calls that are made of them.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::attachment::Attachment;
use super::eventcount::EventCount;
use super::half::{BLOCKING, Half};
use super::layout::MAX_MESSAGE;
use super::memory::{Memory, Region};
use super::place::Place;
use super::{FULL_BATCH, WakeAtEnd, spsc};
use crate::interrupt::Interruptible;
use crate::{Endpoint, Error, Result, Sender, Streak};

/// The half of a [`RingLink`](super::RingLink) that sends.
#[derive(Debug)]
pub struct RingSender<M: Memory> {
    place: Arc<Place<M>>,
    ring: spsc::Sender,
    streak: Streak,
    wait: Arc<Interruptible>,
    wake_at_end: WakeAtEnd,
}

impl<M: Memory> RingSender<M> {
    /// Starts to send from `place`, through the ring of its own number.
    pub(super) fn new(place: Arc<Place<M>>) -> Self {
        let number = place.attachment.side();
        let wait = Arc::default();
        Self {
            ring: spsc::Sender::new(number),
            streak: Streak::default(),
            wake_at_end: place.wake_at_end(&wait, move |rings| &rings[number].sender),
            wait,
            place,
        }
    }

    /// Returns `Some` if a message of `len` bytes can be written now. If not, hands the batch over: its messages are in
    /// the way.
    #[inline]
    pub(super) fn has_room(&mut self, len: usize) -> Result<Option<()>> {
        let Self { place, ring, .. } = self;
        if ring.has_room(len) && !place.is_broken() && place.is_peer_here() {
            return Ok(Some(()));
        }
        self.find_room(len)
    }

    #[cold]
    fn find_room(&mut self, len: usize) -> Result<Option<()>> {
        let Self { place, ring, .. } = self;
        place.unless_broken(|attachment| {
            if attachment.peer_receives_no_more()? {
                return Err(Error::Disconnected);
            }
            if ring.find_room(attachment.region(), len)? {
                return Ok(Some(()));
            }
            ring.publish(attachment.region());
            Ok(None)
        })
    }

    /// Returns the shared memory, and the offset in it where the next message is to be written.
    #[inline]
    pub(super) fn outgoing(&self) -> (&Region<M>, usize) {
        (self.region(), self.ring.payload())
    }

    /// Sends the `len` bytes written to [`outgoing`](Self::outgoing), for which there is room.
    #[inline]
    pub(super) fn commit(&mut self, len: usize) -> Result<()> {
        let Self { place, ring, .. } = self;
        ring.add(place.region(), len);
        ring.publish(place.region());
        place.check_memory()
    }

    /// Adds the `len` bytes written to [`outgoing`](Self::outgoing), for which there is room, to the batch.
    #[inline]
    pub(super) fn add(&mut self, len: usize) -> Result<()> {
        let Self { place, ring, .. } = self;
        ring.add(place.region(), len);
        if ring.batched() >= FULL_BATCH {
            ring.publish(place.region());
        }
        place.check_memory()
    }

    /// Hands the batch over to a receiver that still receives.
    #[inline(never)]
    fn publish(&mut self) -> Result<()> {
        let Self { place, ring, .. } = self;
        place.unless_broken(|attachment| {
            if attachment.peer_receives_no_more()? {
                return Err(Error::Disconnected);
            }
            ring.publish(attachment.region());
            Ok(())
        })
    }

    pub(super) fn region(&self) -> &Region<M> {
        self.place.region()
    }
}

impl<M: Memory> Half<M> for RingSender<M> {
    fn attachment(&self) -> &Attachment<M> {
        &self.place.attachment
    }

    /// Sleeps until there is room.
    fn eventcount(&self) -> &EventCount {
        &self.ring.ring(self.region()).sender
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

impl<M: Memory> Drop for RingSender<M> {
    fn drop(&mut self) {
        if !thread::panicking() {
            let _ = self.flush(); // a peer that is gone misses nothing
        }
        self.place.attachment.end_sending();
    }
}

impl<M: Memory> Endpoint for RingSender<M> {
    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }
}

impl<M: Memory> Sender for RingSender<M> {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.sleep_until(None, |half| half.try_send(message)).map(|sent| sent.expect(BLOCKING))
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.sleep_until(Some(timeout), |half| half.try_send(message))
    }

    #[inline]
    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        let Some(()) = self.has_room(message.len())? else { return Ok(None) };
        let (region, offset) = self.outgoing();
        region.write(offset, message);
        self.commit(message.len()).map(Some)
    }

    fn feed(&mut self, message: &[u8]) -> Result<()> {
        self.sleep_until(None, |half| half.try_feed(message)).map(|fed| fed.expect(BLOCKING))
    }

    fn feed_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.sleep_until(Some(timeout), |half| half.try_feed(message))
    }

    #[inline]
    fn try_feed(&mut self, message: &[u8]) -> Result<Option<()>> {
        let Some(()) = self.has_room(message.len())? else { return Ok(None) };
        let (region, offset) = self.outgoing();
        region.write(offset, message);
        self.add(message.len()).map(Some)
    }

    /// Never waits: the messages are in the ring already.
    #[inline]
    fn flush(&mut self) -> Result<()> {
        if self.ring.unsent() == 0 { Ok(()) } else { self.publish() }
    }

    #[inline]
    fn try_flush(&mut self) -> Result<Option<()>> {
        self.flush().map(Some)
    }

    fn unsent(&mut self) -> usize {
        self.ring.unsent()
    }

    fn check_receiver(&mut self) -> Result<()> {
        let attachment = self.attachment();
        if attachment.peer_receives_no_more()? { Err(Error::Disconnected) } else { attachment.check_peer() }
    }
}
