//! Messages that are structs.

use std::fmt;
use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::time::{Duration, Instant};

use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::messages::messages;
use super::{Receiver, Sender};
use crate::{Error, Result};

/// A link, or one half of it, whose messages are structs of type `T`: see [`Endpoint::typed`](super::Endpoint::typed).
///
/// A link moves bytes. The two programs must agree that they are a `T`, and the compiler checks that they *can* be: `T`
/// is `#[repr(C)]`, every bit pattern is valid, and it has no padding (which would leak memory contents, and differ
/// between compilers) and no pointers (which mean nothing in another process). The derives are those of [`zerocopy`].
/// Numbers travel in this machine's byte order; between two hosts, take the types of [`zerocopy::byteorder`].
///
/// Nothing is copied in between: a message is sent from the struct, and received into one.
///
/// A struct with padding is refused; this one would have three bytes of it:
///
/// ```compile_fail,E0277
/// # use zerocopy::{FromBytes, Immutable, IntoBytes};
/// #[derive(FromBytes, Immutable, IntoBytes)]
/// #[repr(C)]
/// struct Padded {
///     letter: u8,
///     number: u32,
/// }
/// ```
///
/// So is a type with invalid bit patterns, such as `bool`, `char` or a reference:
///
/// ```compile_fail,E0277
/// # use ipc_core::Transport;
/// fn flags(link: &mut impl Transport) {
///     link.typed::<bool>();
/// }
/// ```
pub struct Typed<'a, T, L> {
    link: &'a mut L,
    message: PhantomData<fn(T) -> T>,
}

impl<'a, T: FromBytes + IntoBytes + Immutable, L> Typed<'a, T, L> {
    /// Borrows `link`.
    pub(super) const fn new(link: &'a mut L) -> Self {
        Self { link, message: PhantomData }
    }
}

impl<T: FromBytes + IntoBytes + Immutable, L: Sender> Typed<'_, T, L> {
    /// Sends `message`, waiting for room as long as it takes.
    ///
    /// # Errors
    /// As [`Sender::send`].
    pub fn send(&mut self, message: &T) -> Result<()> {
        self.link.send(message.as_bytes())
    }

    /// Sends `message`, waiting at most `timeout` for room; `None` means "not in time": offer the same message again.
    ///
    /// # Errors
    /// As [`Sender::send_timeout`].
    pub fn send_timeout(&mut self, message: &T, timeout: Duration) -> Result<Option<()>> {
        self.link.send_timeout(message.as_bytes(), timeout)
    }

    /// Sends `message`, waiting for room until `deadline` at the latest; `None` means "not in time": offer the same
    /// message again.
    ///
    /// # Errors
    /// As [`Sender::send_deadline`].
    pub fn send_deadline(&mut self, message: &T, deadline: Instant) -> Result<Option<()>> {
        self.link.send_deadline(message.as_bytes(), deadline)
    }

    /// Sends `message` if that needs no waiting; `None` means "not now": offer the same message again.
    ///
    /// # Errors
    /// As [`Sender::try_send`].
    pub fn try_send(&mut self, message: &T) -> Result<Option<()>> {
        self.link.try_send(message.as_bytes())
    }

    /// Adds `message` to the batch, which leaves at a [`flush`](Sender::flush) of the link at the latest.
    ///
    /// # Errors
    /// As [`Sender::feed`].
    pub fn feed(&mut self, message: &T) -> Result<()> {
        self.link.feed(message.as_bytes())
    }

    /// Adds `message` to the batch, waiting at most `timeout` for room; `None` means "not in time": offer the same
    /// message again.
    ///
    /// # Errors
    /// As [`Sender::feed_timeout`].
    pub fn feed_timeout(&mut self, message: &T, timeout: Duration) -> Result<Option<()>> {
        self.link.feed_timeout(message.as_bytes(), timeout)
    }

    /// Adds `message` to the batch if that needs no waiting; `None` means "not now": offer the same message again.
    ///
    /// # Errors
    /// As [`Sender::try_feed`].
    pub fn try_feed(&mut self, message: &T) -> Result<Option<()>> {
        self.link.try_feed(message.as_bytes())
    }
}

impl<T: FromBytes + IntoBytes + Immutable, L: Receiver> Typed<'_, T, L> {
    /// Receives the next message, waiting for it as long as it takes.
    ///
    /// # Errors
    /// As [`Receiver::recv`], and [`Corrupt`](Error::Corrupt) if the message has another length than a `T`: the two
    /// programs disagree on the struct. A shorter message is lost; a longer one stays the next one.
    pub fn recv(&mut self) -> Result<T> {
        receive(|message| self.link.recv(message).map(Some)).map(|message| message.expect("recv waits"))
    }

    /// Receives the next message, waiting at most `timeout` for it; `None` means "not in time".
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<T>> {
        receive(|message| self.link.recv_timeout(message, timeout))
    }

    /// Receives the next message, waiting for it until `deadline` at the latest; `None` means "not in time".
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn recv_deadline(&mut self, deadline: Instant) -> Result<Option<T>> {
        receive(|message| self.link.recv_deadline(message, deadline))
    }

    /// Receives the next message if one is there; `None` means "not now".
    ///
    /// # Errors
    /// As [`recv`](Self::recv) and [`Receiver::try_recv`].
    pub fn try_recv(&mut self) -> Result<Option<T>> {
        receive(|message| self.link.try_recv(message))
    }

    /// Returns the messages, one after another, up to the end: as [`Receiver::messages`].
    pub fn messages(&mut self) -> impl FusedIterator<Item = Result<T>> {
        messages(|| self.recv())
    }
}

/// Receives into a struct by `call`, which returns the length of the message.
fn receive<T: FromBytes + IntoBytes>(
    call: impl FnOnce(&mut [u8]) -> Result<Option<usize>>,
) -> Result<Option<T>> {
    let mut message = T::new_zeroed();
    match call(message.as_mut_bytes()) {
        Ok(Some(len)) if len == size_of::<T>() => Ok(Some(message)),
        Ok(None) => Ok(None),
        Ok(Some(_)) => Err(Error::Corrupt("a message that is shorter than the struct it should be")),
        Err(Error::BufferTooSmall { .. }) => {
            Err(Error::Corrupt("a message that is longer than the struct it should be"))
        }
        Err(error) => Err(error),
    }
}

impl<T, L: fmt::Debug> fmt::Debug for Typed<'_, T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed")
            .field("link", &self.link)
            .field("message", &std::any::type_name::<T>())
            .finish()
    }
}
