//! Two rings, one in each direction, as a link of two halves.

use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use super::attachment::{Attachment, Layout};
use super::eventcount::EventCount;
use super::half::{BLOCKING, Half};
use super::layout::{MAX_MESSAGE, Ring};
use super::memory::{Memory, Region};
use super::record::{self, NOTHING};
use super::{FULL_BATCH, WakeAtEnd, spsc};
use crate::{Endpoint, Error, Receiver, Result, Sender, Split, Streak};

/// One end of a link through shared memory.
#[derive(Debug)]
pub struct RingLink<M: Memory> {
    // Dropped in this order: the peer learns first that nothing more will come.
    pub(super) sender: RingSender<M>,
    pub(super) receiver: RingReceiver<M>,
}

/// The half of a [`RingLink`] that sends.
#[derive(Debug)]
pub struct RingSender<M: Memory> {
    place: Arc<Place<M>>,
    ring: spsc::Sender,
    streak: Streak,
    wake_at_end: WakeAtEnd,
}

/// The half of a [`RingLink`] that receives.
#[derive(Debug)]
pub struct RingReceiver<M: Memory> {
    place: Arc<Place<M>>,
    ring: spsc::Receiver,
    streak: Streak,
    wake_at_end: WakeAtEnd,
}

const IMPOSSIBLE_LENGTH: Error = Error::Corrupt("a record longer than any message can be");

/// The place that the two halves share.
#[derive(Debug)]
struct Place<M: Memory> {
    attachment: Attachment<M>,
    /// The peer's offence, once there is one. Nothing it sends after that is believed.
    broken: OnceLock<&'static str>,
}

impl<M: Memory> RingLink<M> {
    /// The layout that the segment must have.
    pub const LAYOUT: Layout = Layout::Ring;

    /// Starts to talk from `attachment`, once the other side is there too.
    pub fn new(attachment: Attachment<M>) -> Self {
        let side = attachment.side();
        let place = Arc::new(Place { attachment, broken: OnceLock::new() });
        // Each side sends through the ring of its own number.
        let sender = RingSender {
            ring: spsc::Sender::new(side),
            streak: Streak::default(),
            wake_at_end: place.wake_at_end(move |rings| rings[side].sender.notify_all()),
            place: Arc::clone(&place),
        };
        let receiver = RingReceiver {
            ring: spsc::Receiver::new(1 - side),
            streak: Streak::default(),
            wake_at_end: place.wake_at_end(move |rings| rings[1 - side].receiver.notify_all()),
            place,
        };
        Self { sender, receiver }
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

    /// Returns the shared memory itself.
    #[must_use]
    pub fn memory(&self) -> &M {
        self.sender.region().memory()
    }
}

impl<M: Memory> RingSender<M> {
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

    fn region(&self) -> &Region<M> {
        self.place.region()
    }
}

impl<M: Memory> RingReceiver<M> {
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

impl<M: Memory> Place<M> {
    /// Calls `wake` when the peer's process has ended. Until the returned value is dropped, the memory stays mapped.
    fn wake_at_end(self: &Arc<Self>, wake: impl Fn(&[Ring; 2]) + Send + 'static) -> WakeAtEnd {
        let place = Arc::clone(self);
        self.attachment.wake_at_peers_end(move || wake(&place.attachment.region().control().rings))
    }

    fn region(&self) -> &Region<M> {
        self.attachment.region()
    }

    #[inline]
    fn is_broken(&self) -> bool {
        self.broken.get().is_some()
    }

    /// Returns whether the other side both sends and receives, and the memory in which it says so is still shared.
    #[inline]
    fn is_peer_here(&self) -> bool {
        self.attachment.peer_is_here() && self.region().is_intact()
    }

    /// Refuses memory that was cut. Only after an access is it known whether it reached what both sides share.
    #[inline]
    fn check_memory(&self) -> Result<()> {
        if self.region().is_intact() { Ok(()) } else { self.broken_by(Ok(())) }
    }

    /// Refuses a broken link, and records an error that breaks one.
    fn unless_broken<T>(&self, attempt: impl FnOnce(&Attachment<M>) -> Result<T>) -> Result<T> {
        if self.is_broken() {
            return self.broken_by(Ok(()));
        }
        match attempt(&self.attachment) {
            Ok(done) if self.region().is_intact() => Ok(done),
            result => self.broken_by(result.map(drop)),
        }
    }

    /// Returns the error of a failed attempt, and records it if it breaks the link. An earlier one counts.
    #[cold]
    fn broken_by<T>(&self, result: Result<()>) -> Result<T> {
        let error = match (self.broken.get(), self.attachment.region().intact(), result) {
            (Some(reason), ..) => Error::Corrupt(reason),
            (None, Err(error), _) | (None, Ok(()), Err(error)) => error,
            (None, Ok(()), Ok(())) => unreachable!("neither the attempt failed nor the memory"),
        };
        if let Error::Corrupt(reason) = error {
            let _ = self.broken.set(reason); // the other half may have been faster
        }
        Err(error)
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
}

impl<M: Memory> Drop for RingSender<M> {
    fn drop(&mut self) {
        if !thread::panicking() {
            let _ = self.flush(); // a peer that is gone misses nothing
        }
        self.place.attachment.end_sending();
    }
}

impl<M: Memory> Drop for RingReceiver<M> {
    fn drop(&mut self) {
        self.place.attachment.end_receiving();
    }
}

impl<M: Memory> Split for RingLink<M> {
    type Sender = RingSender<M>;
    type Receiver = RingReceiver<M>;

    #[inline]
    fn sender(&mut self) -> &mut RingSender<M> {
        &mut self.sender
    }

    #[inline]
    fn receiver(&mut self) -> &mut RingReceiver<M> {
        &mut self.receiver
    }

    fn split(self) -> (RingSender<M>, RingReceiver<M>) {
        (self.sender, self.receiver)
    }
}

impl<M: Memory> Endpoint for RingLink<M> {
    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }
}

impl<M: Memory> Endpoint for RingSender<M> {
    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }
}

impl<M: Memory> Endpoint for RingReceiver<M> {
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
