//! A link and its two halves: taking it apart, and what the one half does for the other while they are together.

use std::iter::FusedIterator;
use std::time::Duration;

use super::messages::messages;
use super::{Endpoint, Receiver, Sender};
use crate::{Deadline, Error, Result};

/// A connected end that can be taken apart into a sender and a receiver, each for a thread of its own.
///
/// The two work at the same time: a sender that waits for room does not hold up the receiver. Each keeps the promises of
/// the link: order, boundaries, errors, timeouts; each notices a killed peer. The peer cannot tell that this end was
/// split, until one half is dropped:
/// - Dropping the sender ends what the peer receives: it gets everything that was sent, and then
///   [`Disconnected`](crate::Error::Disconnected). It can still send, and this side's receiver still receives.
/// - Dropping the receiver ends what the peer sends: messages that were not received are lost, and its sender is told
///   [`Disconnected`](crate::Error::Disconnected), at the latest when there is no more room. This side's sender still
///   works. (TCP has no way to say so: there the peer's sender is told when both halves are gone.)
///
/// Dropping both is dropping the link.
///
/// ```
/// # use ipc_core::{Endpoint, Receiver, Result, Sender, Split};
/// /// Sends questions while the answers to earlier ones come in.
/// fn ask(link: impl Split<Sender: 'static>, questions: Vec<Vec<u8>>) -> Result<usize> {
///     let (mut sender, mut receiver) = link.split();
///     let asking = std::thread::spawn(move || {
///         questions.iter().try_for_each(|question| sender.send(question))
///     }); // dropped here: the peer learns that no more questions will come
///     let (mut buffer, mut answers) = (vec![0; receiver.max_message()], 0);
///     while receiver.recv(&mut buffer).is_ok() {
///         answers += 1;
///     }
///     asking.join().expect("it does not panic")?;
///     Ok(answers)
/// }
/// ```
pub trait Split: Endpoint + Sized {
    /// The half that sends.
    type Sender: Sender + Send;
    /// The half that receives.
    type Receiver: Receiver + Send;

    /// Returns the half that sends, in place.
    fn sender(&mut self) -> &mut Self::Sender;

    /// Returns the half that receives, in place.
    fn receiver(&mut self) -> &mut Self::Receiver;

    /// Takes the link apart.
    fn split(self) -> (Self::Sender, Self::Receiver);
}

impl<T: Split> Sender for T {
    #[inline]
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.sender().send(message)
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.sender().send_timeout(message, timeout)
    }

    #[inline]
    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.sender().try_send(message)
    }

    #[inline]
    fn feed(&mut self, message: &[u8]) -> Result<()> {
        self.sender().feed(message)
    }

    fn feed_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.sender().feed_timeout(message, timeout)
    }

    #[inline]
    fn try_feed(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.sender().try_feed(message)
    }

    fn flush(&mut self) -> Result<()> {
        self.sender().flush()
    }

    fn flush_timeout(&mut self, timeout: Duration) -> Result<Option<()>> {
        self.sender().flush_timeout(timeout)
    }

    fn try_flush(&mut self) -> Result<Option<()>> {
        self.sender().try_flush()
    }

    fn unsent(&mut self) -> usize {
        self.sender().unsent()
    }

    fn check_receiver(&mut self) -> Result<()> {
        self.sender().check_receiver()
    }
}

impl<T: Split> Receiver for T {
    #[inline]
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match flush_first(self, buffer, Deadline::Never)? {
            Some(len) => Ok(len),
            None => self.receiver().recv(buffer),
        }
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        let deadline = Deadline::after(timeout);
        match flush_first(self, buffer, deadline)? {
            Some(len) => Ok(Some(len)),
            None => self.receiver().recv_timeout(buffer, deadline.left(Duration::MAX)),
        }
    }

    #[inline]
    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        is_flushed(self.sender().try_flush())?; // as far as there is room
        self.receiver().try_recv(buffer)
    }

    fn check_sender(&mut self) -> Result<()> {
        self.receiver().check_sender()
    }

    fn messages(&mut self) -> impl FusedIterator<Item = Result<Vec<u8>>> {
        let longest = self.receiver().max_message(); // which may be more than this side can send
        let mut buffer = vec![0; longest];
        messages(move || self.recv(&mut buffer).map(|len| buffer[..len].to_vec()))
    }
}

/// Flushes the sender before a wait to receive. `None` means that it is flushed, or that the deadline has passed.
///
/// Returns the length of a message that came in while there was no room: a peer that does the same on its side has room
/// only once its own messages are received.
#[inline]
fn flush_first<T: Split>(link: &mut T, buffer: &mut [u8], deadline: Deadline) -> Result<Option<usize>> {
    if is_flushed(link.sender().try_flush())? { Ok(None) } else { flush_or_receive(link, buffer, deadline) }
}

#[cold]
fn flush_or_receive<T: Split>(link: &mut T, buffer: &mut [u8], deadline: Deadline) -> Result<Option<usize>> {
    /// The time that passes between two looks for a message.
    const SLICE: Duration = Duration::from_millis(1);
    loop {
        if let Some(len) = link.receiver().try_recv(buffer)? {
            return Ok(Some(len));
        }
        if deadline.has_passed() || is_flushed(link.sender().flush_timeout(deadline.left(SLICE)))? {
            return Ok(None);
        }
    }
}

/// Returns whether nothing holds up a call that receives. A peer that is gone, or receives no more, may have left
/// messages, and they are received first; then the call that receives finds out by itself.
#[inline]
fn is_flushed(flushed: Result<Option<()>>) -> Result<bool> {
    match flushed {
        Ok(flushed) => Ok(flushed.is_some()),
        Err(Error::Disconnected) => Ok(true),
        Err(error) => Err(error),
    }
}
