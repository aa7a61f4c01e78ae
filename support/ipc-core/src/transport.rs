//! A connected end that moves whole messages: the one interface through which the six are compared.

mod messages;
mod typed;

use std::iter::FusedIterator;
use std::time::Duration;

use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::{Error, Result};
pub use typed::Typed;

/// One end of a link between two processes. The other end receives every message that this one sends, whole, unchanged
/// and in order.
///
/// The blocking calls sleep in the kernel. The calls with a timeout sleep for at most that long, by the monotonic
/// clock; `Ok(None)` means "not in time". The `try_` calls never wait; `Ok(None)` means "not now". Every other way of
/// waiting is built on these calls, once for all six: see [`Waiting`](crate::Waiting).
pub trait Transport {
    /// Sends one message, waiting for room as long as it takes.
    ///
    /// # Errors
    /// [`TooLarge`](crate::Error::TooLarge): nothing was sent, the link still works.
    /// [`Disconnected`](crate::Error::Disconnected): the peer is gone. [`Corrupt`](crate::Error::Corrupt): the peer has
    /// broken the medium. After a system error ([`Os`](crate::Error::Os)), part of the message may already have been
    /// sent: offer the same message again. A different one is then refused ([`Usage`](crate::Error::Usage)), since the
    /// peer would take it for the rest of the first.
    fn send(&mut self, message: &[u8]) -> Result<()>;

    /// Receives the next message into `buffer`, waiting for it as long as it takes, and returns its length. The
    /// contents of `buffer` beyond that length are unspecified.
    ///
    /// # Errors
    /// [`BufferTooSmall`](crate::Error::BufferTooSmall): the message was kept for the next call.
    /// [`Disconnected`](crate::Error::Disconnected): the peer is gone, and everything it sent has been received.
    /// [`Corrupt`](crate::Error::Corrupt): the received bytes are not a message, or the message was cut off: a peer
    /// that is killed while sending leaves a partial message in a byte stream. A system error
    /// ([`Os`](crate::Error::Os)) loses nothing: the next call continues where this one stopped.
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize>;

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

    /// Receives the next message, waiting at most `timeout` for it; `None` means "not in time". Nothing is lost then:
    /// the part that has arrived is kept for the next call. With a timeout of zero, it is equivalent to
    /// [`try_recv`](Self::try_recv).
    ///
    /// # Errors
    /// As [`recv`](Self::recv). A killed peer is reported as [`Disconnected`](crate::Error::Disconnected), however
    /// short the timeout.
    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>>;

    /// Sends one message if that needs no waiting; `None` means "not now".
    ///
    /// After `None`, offer the same message again until it is taken: part of a long message may already be in the byte
    /// stream.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`Usage`](crate::Error::Usage) if a message of a different length is offered while
    /// one is partly sent.
    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>>;

    /// Receives the next message if one is there; `None` means "not now".
    ///
    /// # Errors
    /// As [`recv`](Self::recv). Where the kernel does not report the death of a peer (message queues, shared memory), a
    /// *killed* peer may show as `None` indefinitely: call [`check_peer`](Self::check_peer) now and then.
    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>>;

    /// Returns the length of the longest message that this link carries, in bytes.
    fn max_message(&self) -> usize;

    /// Checks that the peer is still there; for callers that poll. Costs a system call where it does anything.
    ///
    /// Pipes and sockets need nothing here: the kernel reports a dead peer through `try_recv` itself.
    ///
    /// # Errors
    /// [`Disconnected`](crate::Error::Disconnected): the peer is gone; messages it sent before can still be received.
    fn check_peer(&mut self) -> Result<()> {
        Ok(())
    }

    /// Returns the messages, one after another, each in memory of its own. It waits for each as [`recv`](Self::recv)
    /// does.
    ///
    /// The iterator ends when the peer is gone and everything it sent has been received. Any other error is its last
    /// item. Make it once, not for each message: it has a buffer for the [longest](Self::max_message).
    ///
    /// ```
    /// # use ipc_core::{Result, Transport};
    /// fn print(mut link: impl Transport) -> Result<()> {
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

/// Tries once more, for a wait that has found the peer `gone`: the peer's last action may fall between the previous try
/// and its end. Only a try *after* the peer is known to be gone sees everything it did.
///
/// # Errors
/// The error of `look`; `gone` if there is nothing.
pub fn last_look<T>(gone: Error, look: impl FnOnce() -> Result<Option<T>>) -> Result<T> {
    look()?.ok_or(gone)
}
