//! Two rings, one in each direction, as a link of two halves.

use std::sync::Arc;

use super::attachment::{Attachment, Layout};
use super::layout::MAX_MESSAGE;
use super::memory::{Memory, Region};
use super::place::Place;
use super::receiver::RingReceiver;
use super::sender::RingSender;
use crate::{Endpoint, Result, Split};

/// One end of a link through shared memory.
#[derive(Debug)]
pub struct RingLink<M: Memory> {
    // Dropped in this order: the peer learns first that nothing more will come.
    pub(super) sender: RingSender<M>,
    pub(super) receiver: RingReceiver<M>,
}

impl<M: Memory> RingLink<M> {
    /// The layout that the segment must have.
    pub const LAYOUT: Layout = Layout::Ring;

    /// Starts to talk from `attachment`, once the other side is there too.
    pub fn new(attachment: Attachment<M>) -> Self {
        let place = Arc::new(Place::new(attachment));
        let sender = RingSender::new(Arc::clone(&place));
        let receiver = RingReceiver::new(place);
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
