//! A connected end that moves whole messages: the one interface through which the six are compared.
//!
//! | trait | what it is |
//! |---|---|
//! | [`Sender`] | sends messages to the peer |
//! | [`Receiver`] | receives messages from the peer |
//! | [`Endpoint`] | what the two have in common |
//! | [`Transport`] | both in one value: a connected end of a link |
//! | [`Split`] | taking a connected end apart, for two threads; flushing before a wait to receive |

mod messages;
mod split;
mod typed;

use std::iter::FusedIterator;
use std::time::{Duration, Instant};

use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::{Error, Result};
pub use split::Split;
pub use typed::Typed;

/// The longest time that dropping a [`Sender`] waits for room for its batch.
pub const DROP_FLUSHES_FOR: Duration = Duration::from_secs(1);

/// An end of a link, or one half of it.
pub trait Endpoint {
    /// Returns the length of the longest message that this link carries, in bytes.
    fn max_message(&self) -> usize;

    /// Returns the link with structs of type `T` as messages. It borrows the link: bytes, and structs of other types, can
    /// be sent and received before and after.
    ///
    /// ```
    /// # use ipc_core::{Result, Transport};
    /// use zerocopy::{FromBytes, Immutable, IntoBytes};
    ///
    /// #[derive(FromBytes, Immutable, IntoBytes)]
    /// #[repr(C)]
    /// struct Question {
    ///     factors: [u32; 2],
    /// }
    ///
    /// #[derive(FromBytes, Immutable, IntoBytes)]
    /// #[repr(C)]
    /// struct Answer {
    ///     product: u64,
    /// }
    ///
    /// fn multiply(link: &mut impl Transport, factors: [u32; 2]) -> Result<u64> {
    ///     link.typed().send(&Question { factors })?;
    ///     let answer: Answer = link.typed().recv()?;
    ///     Ok(answer.product)
    /// }
    /// ```
    fn typed<T: FromBytes + IntoBytes + Immutable>(&mut self) -> Typed<'_, T, Self>
    where
        Self: Sized,
    {
        Typed::new(self)
    }
}

/// The sending half of a connected end: the peer receives every message, whole, unchanged and in order.
///
/// The blocking call sleeps in the kernel. The calls with a timeout or a deadline sleep for at most that long, by the
/// monotonic clock; `Ok(None)` means "not in time". The `try_` call never waits; `Ok(None)` means "not now". Every other
/// way of waiting is built on these calls, once for all six: see [`Waiting`](crate::Waiting).
///
/// # Batches
/// A [`send`](Self::send) hands its message to the peer at once. A [`feed`](Self::feed) may keep it back, in a batch
/// which leaves as a whole: one system call, or one store to shared memory, for many messages. The batch leaves
/// - at a [`flush`](Self::flush), and whenever it is full;
/// - ahead of a message that is sent: the order is that of the calls, whichever they are;
/// - before every call that receives on the same link, so that no side waits for an answer to a question it has kept
///   (once the link is [split](Split), the sender is flushed by the code that has it);
/// - when the sender is dropped, unless its thread panics. Since a drop cannot report an error, it waits for room for at
///   most one second ([`DROP_FLUSHES_FOR`]); flush first where the outcome matters.
///
/// A message queue has no call that takes several messages: there, to feed is to send.
///
/// ```
/// # use ipc_core::{Result, Sender};
/// fn report(sender: &mut impl Sender, lines: &[&str]) -> Result<()> {
///     for line in lines {
///         sender.feed(line.as_bytes())?;
///     }
///     sender.flush()
/// }
/// ```
pub trait Sender: Endpoint {
    /// Sends one message, waiting for room as long as it takes.
    ///
    /// # Errors
    /// [`TooLarge`](crate::Error::TooLarge): nothing was sent, the link still works.
    /// [`Disconnected`](crate::Error::Disconnected): the peer is gone, or has dropped its receiver.
    /// [`Corrupt`](crate::Error::Corrupt): the peer has broken the medium. After a system error
    /// ([`Os`](crate::Error::Os)), part of the message may already have been sent: offer the same message again. A
    /// different one is then refused ([`Usage`](crate::Error::Usage)), since the peer would take it for the rest of the
    /// first.
    fn send(&mut self, message: &[u8]) -> Result<()>;

    /// Sends one message, waiting at most `timeout` for room; `None` means "not in time". With a timeout of zero, it is
    /// equivalent to [`try_send`](Self::try_send).
    ///
    /// After `None`, offer the same message again, with this call or another one, until it is taken: part of a long
    /// message may already be in the byte stream.
    ///
    /// # Errors
    /// As [`try_send`](Self::try_send). A killed peer is reported as [`Disconnected`](crate::Error::Disconnected),
    /// however short the timeout.
    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>>;

    /// Sends one message, waiting for room until `deadline` at the latest; otherwise as
    /// [`send_timeout`](Self::send_timeout). Once the deadline has passed, it is equivalent to
    /// [`try_send`](Self::try_send).
    ///
    /// # Errors
    /// As [`send_timeout`](Self::send_timeout).
    fn send_deadline(&mut self, message: &[u8], deadline: Instant) -> Result<Option<()>> {
        self.send_timeout(message, deadline.saturating_duration_since(Instant::now()))
    }

    /// Sends one message if that needs no waiting; `None` means "not now".
    ///
    /// After `None`, offer the same message again until it is taken: part of a long message may already be in the byte
    /// stream.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`Usage`](crate::Error::Usage) if a message of a different length is offered while
    /// one is partly sent.
    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>>;

    /// Adds one message to the batch, waiting for room as long as it takes: a full batch is sent first.
    ///
    /// # Errors
    /// As [`send`](Self::send). After [`TooLarge`](crate::Error::TooLarge), the batch is as it was.
    fn feed(&mut self, message: &[u8]) -> Result<()> {
        self.send(message)
    }

    /// Adds one message to the batch, waiting at most `timeout` for room; `None` means "not in time": offer the same
    /// message again, as with [`send_timeout`](Self::send_timeout).
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    fn feed_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.send_timeout(message, timeout)
    }

    /// Adds one message to the batch if that needs no waiting; `None` means "not now": offer the same message again, as
    /// with [`try_send`](Self::try_send).
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    fn try_feed(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.try_send(message)
    }

    /// Hands the batch to the peer, waiting for room as long as it takes.
    ///
    /// # Errors
    /// [`Disconnected`](crate::Error::Disconnected): the peer is gone, or has dropped its receiver;
    /// [`unsent`](Self::unsent) says how many messages are left. Others as [`send`](Self::send): the rest of the batch is
    /// kept, and the next call goes on with it.
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    /// Hands the batch to the peer, waiting at most `timeout` for room; `None` means "not in time": the rest of the batch
    /// is kept for the next call. With a timeout of zero, it is equivalent to [`try_flush`](Self::try_flush).
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    fn flush_timeout(&mut self, timeout: Duration) -> Result<Option<()>> {
        let _ = timeout; // nothing to wait for
        self.try_flush()
    }

    /// Hands the batch to the peer as far as that needs no waiting; `None` means that some of it is left.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    fn try_flush(&mut self) -> Result<Option<()>> {
        self.flush().map(Some) // for links whose flush never waits
    }

    /// Returns the number of fed messages that have not yet left this process whole: the last ones, and all others have.
    /// Also after an error, such as that the peer is gone. As with a message that was sent, one that has left has not
    /// necessarily been received.
    fn unsent(&mut self) -> usize {
        0
    }

    /// Checks that the peer still receives; for callers that poll. Costs a system call where it does anything.
    ///
    /// Pipes and sockets need nothing here: the kernel reports a dead peer through `try_send` itself.
    ///
    /// # Errors
    /// [`Disconnected`](crate::Error::Disconnected): the peer is gone, or has dropped its receiver.
    fn check_receiver(&mut self) -> Result<()> {
        Ok(())
    }
}

/// The receiving half of a connected end. It waits as a [`Sender`] does.
pub trait Receiver: Endpoint {
    /// Receives the next message into `buffer`, waiting for it as long as it takes, and returns its length. The
    /// contents of `buffer` beyond that length are unspecified.
    ///
    /// # Errors
    /// [`BufferTooSmall`](crate::Error::BufferTooSmall): the message was kept for the next call.
    /// [`Disconnected`](crate::Error::Disconnected): the peer is gone, or has dropped its sender, and everything it
    /// sent has been received. [`Corrupt`](crate::Error::Corrupt): the received bytes are not a message, or the message
    /// was cut off: a peer that is killed while sending leaves a partial message in a byte stream. A system error
    /// ([`Os`](crate::Error::Os)) loses nothing: the next call continues where this one stopped.
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize>;

    /// Receives the next message, waiting at most `timeout` for it; `None` means "not in time". Nothing is lost then:
    /// the part that has arrived is kept for the next call. With a timeout of zero, it is equivalent to
    /// [`try_recv`](Self::try_recv).
    ///
    /// # Errors
    /// As [`recv`](Self::recv). A killed peer is reported as [`Disconnected`](crate::Error::Disconnected), however
    /// short the timeout.
    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>>;

    /// Receives the next message, waiting for it until `deadline` at the latest; otherwise as
    /// [`recv_timeout`](Self::recv_timeout). Once the deadline has passed, it is equivalent to
    /// [`try_recv`](Self::try_recv): a loop with one deadline ends, whatever comes in meanwhile.
    ///
    /// ```
    /// # use std::time::Instant;
    /// # use ipc_core::{Receiver, Result};
    /// /// Returns the last message that arrives before `deadline`.
    /// fn latest(link: &mut impl Receiver, deadline: Instant) -> Result<Option<Vec<u8>>> {
    ///     let (mut buffer, mut latest) = (vec![0; link.max_message()], None);
    ///     while Instant::now() < deadline
    ///         && let Some(len) = link.recv_deadline(&mut buffer, deadline)?
    ///     {
    ///         latest = Some(buffer[..len].to_vec());
    ///     }
    ///     Ok(latest)
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`recv_timeout`](Self::recv_timeout).
    fn recv_deadline(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<Option<usize>> {
        self.recv_timeout(buffer, deadline.saturating_duration_since(Instant::now()))
    }

    /// Receives the next message if one is there; `None` means "not now".
    ///
    /// # Errors
    /// As [`recv`](Self::recv). Where the kernel does not report the death of a peer (message queues, shared memory), a
    /// *killed* peer may show as `None` indefinitely: call [`check_sender`](Self::check_sender) now and then.
    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>>;

    /// Checks that the peer may still send; for callers that poll. Costs a system call where it does anything.
    ///
    /// Pipes and sockets need nothing here: the kernel reports a dead peer through `try_recv` itself.
    ///
    /// # Errors
    /// [`Disconnected`](crate::Error::Disconnected): the peer is gone, or has dropped its sender; messages it sent
    /// before can still be received.
    fn check_sender(&mut self) -> Result<()> {
        Ok(())
    }

    /// Returns the messages, one after another, each in memory of its own. It waits for each as [`recv`](Self::recv)
    /// does.
    ///
    /// The iterator ends when the peer is gone and everything it sent has been received. Any other error is its last
    /// item. Make it once, not for each message: it has a buffer for the [longest](Endpoint::max_message).
    ///
    /// ```
    /// # use ipc_core::{Receiver, Result};
    /// fn print(mut link: impl Receiver) -> Result<()> {
    ///     for message in link.messages() {
    ///         println!("{}", String::from_utf8_lossy(&message?));
    ///     }
    ///     Ok(()) // the peer has closed its end, or died
    /// }
    /// ```
    fn messages(&mut self) -> impl FusedIterator<Item = Result<Vec<u8>>>
    where
        Self: Sized,
    {
        // As long as we choose, not as the peer does; the kernel provides the pages that are written to.
        let mut buffer = vec![0; self.max_message()];
        messages::messages(move || self.recv(&mut buffer).map(|len| buffer[..len].to_vec()))
    }
}

/// One end of a link between two processes, which sends and receives.
pub trait Transport: Sender + Receiver {}

impl<T: Sender + Receiver> Transport for T {}

/// Tries once more, for a wait that has found the peer `gone`: the peer's last action may fall between the previous try
/// and its end. Only a try *after* the peer is known to be gone sees everything it did.
///
/// # Errors
/// The error of `look`; `gone` if there is nothing.
pub fn last_look<T>(gone: Error, look: impl FnOnce() -> Result<Option<T>>) -> Result<T> {
    look()?.ok_or(gone)
}
