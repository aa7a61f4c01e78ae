//! A connected end that moves whole messages: the one interface through which the six are compared.
//!
//! | trait | what it is |
//! |---|---|
//! | [`Sender`] | sends messages to the peer |
//! | [`Receiver`] | receives messages from the peer |
//! | [`Endpoint`] | what the two have in common |
//! | [`Transport`] | both in one value: a connected end of a link |
//! | [`Split`] | taking a connected end apart, for two threads |

mod messages;
mod typed;

use std::iter::FusedIterator;
use std::time::{Duration, Instant};

use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::{Error, Result};
pub use typed::Typed;

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

    fn check_receiver(&mut self) -> Result<()> {
        self.sender().check_receiver()
    }
}

impl<T: Split> Receiver for T {
    #[inline]
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.receiver().recv(buffer)
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        self.receiver().recv_timeout(buffer, timeout)
    }

    #[inline]
    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.receiver().try_recv(buffer)
    }

    fn check_sender(&mut self) -> Result<()> {
        self.receiver().check_sender()
    }

    fn messages(&mut self) -> impl FusedIterator<Item = Result<Vec<u8>>> {
        self.receiver().messages() // which may be longer than those that this side can send
    }
}

/// Tries once more, for a wait that has found the peer `gone`: the peer's last action may fall between the previous try
/// and its end. Only a try *after* the peer is known to be gone sees everything it did.
///
/// # Errors
/// The error of `look`; `gone` if there is nothing.
pub fn last_look<T>(gone: Error, look: impl FnOnce() -> Result<Option<T>>) -> Result<T> {
    look()?.ok_or(gone)
}
