//! A connected end that moves whole messages: the one interface behind which the six are compared.

use std::time::Duration;

use crate::{Error, Result};

/// One end of a link between two processes. What one end sends, the other receives: whole, unchanged, in order.
///
/// The blocking calls sleep in the kernel, those with a timeout for so long at most, by the monotonic clock: `Ok(None)`
/// says "not in time". The `try_` calls never wait: `Ok(None)` says "not now". Waiting in any other way is built over
/// these once, for all six: see [`Waiting`](crate::Waiting).
pub trait Transport {
    /// Sends one message, waiting for room as long as it takes.
    ///
    /// # Errors
    /// [`TooLarge`](crate::Error::TooLarge): nothing was sent, the link still works.
    /// [`Disconnected`](crate::Error::Disconnected): the peer is gone.
    /// [`Corrupt`](crate::Error::Corrupt): the peer has broken the medium. After an error of the system
    /// ([`Os`](crate::Error::Os)), a part of the message may have left: offer the same one again. Another one is refused
    /// then ([`Usage`](crate::Error::Usage)), since the peer would take it for the rest of the first.
    fn send(&mut self, message: &[u8]) -> Result<()>;

    /// Receives the next message into `buffer`, waiting for it as long as it takes, and returns its length. What
    /// `buffer` holds beyond that length is unspecified.
    ///
    /// # Errors
    /// [`BufferTooSmall`](crate::Error::BufferTooSmall): the message was kept for the next call.
    /// [`Disconnected`](crate::Error::Disconnected): everything the peer ever sent has been received, and it is gone.
    /// [`Corrupt`](crate::Error::Corrupt): what arrived is not a message, or the peer's end has cut one off: over a byte
    /// stream, a peer that is killed while it sends leaves a part of a message behind. An error of the system
    /// ([`Os`](crate::Error::Os)) loses nothing: the next call goes on where this one stopped.
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize>;

    /// Sends one message, waiting for room for at most `timeout`; `None` says "not in time". With a timeout of zero it
    /// is [`try_send`](Self::try_send).
    ///
    /// After `None`, offer the same message again, with this call or another one, until it is taken: of a long message
    /// on a byte stream, a part may already be on its way.
    ///
    /// # Errors
    /// As [`try_send`](Self::try_send). A peer that was killed is [`Disconnected`](crate::Error::Disconnected), however
    /// short the timeouts are.
    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>>;

    /// Receives the next message, waiting for it for at most `timeout`; `None` says "not in time". Nothing is lost then:
    /// what has arrived of a message waits for the next call. With a timeout of zero it is
    /// [`try_recv`](Self::try_recv).
    ///
    /// # Errors
    /// As [`recv`](Self::recv). A peer that was killed is [`Disconnected`](crate::Error::Disconnected), however short
    /// the timeouts are.
    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>>;

    /// Sends one message if that needs no waiting; `None` says "not now".
    ///
    /// After `None`, offer the same message again until it is taken: of a long message on a byte stream, a part may
    /// already be on its way.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`Usage`](crate::Error::Usage) when a message of another length is offered
    /// while one is under way.
    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>>;

    /// Receives the next message if it is there; `None` says "not now".
    ///
    /// # Errors
    /// As [`recv`](Self::recv). A peer that was *killed* may show as `None` for ever where the kernel tells nobody
    /// (a queue, a shared memory): ask [`check_peer`](Self::check_peer) now and then.
    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>>;

    /// The longest message this link carries, in bytes.
    fn max_message(&self) -> usize;

    /// Asks whether the peer is still there; for those who poll. Costs a system call where it does anything.
    ///
    /// Pipes and sockets need nothing here: the kernel reports a dead peer through `try_recv` itself.
    ///
    /// # Errors
    /// [`Disconnected`](crate::Error::Disconnected): the peer is gone; what it sent before can still be received.
    fn check_peer(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Looks once more on behalf of a wait that has found the peer `gone`: the peer's last act may fall between the look before
/// that and its end. Only a look *after* the peer is known to be gone sees all that it ever did.
///
/// # Errors
/// That of `look`; `gone` if there is nothing.
pub fn last_look<T>(gone: Error, look: impl FnOnce() -> Result<Option<T>>) -> Result<T> {
    look()?.ok_or(gone)
}
