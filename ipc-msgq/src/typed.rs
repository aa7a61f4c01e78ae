//! Messages that are structs.

use std::fmt;
use std::marker::PhantomData;

use ipc_core::{Advise, Error, Result};
use nix::errno::Errno;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::{Message, MessageType, Queue, Select, WaitLimit};

/// A queue whose messages are structs of type `T`, as C programs send them: made by [`Queue::typed`].
///
/// [`Typed`](ipc_core::Typed), which is the same for a link of any mechanism, says what a `T` must be, and why. Here each
/// struct has a message type as well, by which a receiver selects.
///
/// ```
/// use ipc_msgq::{MessageType, Queue, Select};
/// use zerocopy::{FromBytes, Immutable, IntoBytes};
///
/// /// `struct point { int32_t x, y; };`
/// #[derive(Debug, PartialEq, FromBytes, Immutable, IntoBytes)]
/// #[repr(C)]
/// struct Point {
///     x: i32,
///     y: i32,
/// }
///
/// let queue = Queue::private(0o600)?.owned();
/// let mut points = queue.typed::<Point>();
/// points.send(MessageType::ONE, &Point { x: 3, y: 4 })?;
/// assert_eq!(points.recv(Select::Any)?, (MessageType::ONE, Point { x: 3, y: 4 }));
/// # Ok::<(), ipc_msgq::Error>(())
/// ```
pub struct TypedQueue<T> {
    queue: Queue,
    message: Message,
    payload: PhantomData<fn(T) -> T>,
}

impl Queue {
    /// Returns the same queue, with structs as messages.
    #[must_use]
    pub fn typed<T: FromBytes + IntoBytes + Immutable>(self) -> TypedQueue<T> {
        TypedQueue { queue: self, message: Message::with_capacity(size_of::<T>()), payload: PhantomData }
    }
}

impl<T: FromBytes + IntoBytes + Immutable> TypedQueue<T> {
    /// Returns the queue.
    #[must_use]
    pub const fn queue(&self) -> Queue {
        self.queue
    }

    /// Returns the bytes sent or received last. After the error "has … bytes" they are those of the refused message.
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.message
    }

    /// Sends `payload`, waiting for room.
    ///
    /// # Errors
    /// As [`Queue::send`].
    pub fn send(&mut self, kind: MessageType, payload: &T) -> Result<()> {
        self.pack(kind, payload);
        self.queue.send(&self.message)
    }

    /// Sends `payload` if there is room now; `None` if there is not.
    ///
    /// # Errors
    /// As [`Queue::try_send`].
    pub fn try_send(&mut self, kind: MessageType, payload: &T) -> Result<Option<()>> {
        self.pack(kind, payload);
        self.queue.try_send(&self.message)
    }

    /// Sends `payload`, waiting for room up to `limit`; `None` if there was none.
    ///
    /// # Errors
    /// As [`Queue::send_until`].
    pub fn send_until<'a>(
        &mut self,
        kind: MessageType,
        payload: &T,
        limit: impl Into<WaitLimit<'a>>,
    ) -> Result<Option<()>> {
        self.pack(kind, payload);
        self.queue.send_until(&self.message, limit)
    }

    /// Takes the oldest message that `select` matches, waiting for it, and returns its type and its content.
    ///
    /// # Errors
    /// As [`Queue::recv`]; a message of another size was not sent as a `T`. A longer one gives `E2BIG` and **stays** in
    /// the queue. A shorter one gives [`Usage`](Error::Usage) and **has been taken** out, since the kernel cannot match
    /// an exact size; [`message`](Self::message) still has it.
    pub fn recv(&mut self, select: impl Into<Select>) -> Result<(MessageType, T)> {
        self.queue.recv(select, &mut self.message).advise(Errno::E2BIG, longer::<T>)?;
        self.unpack()
    }

    /// Takes the oldest message that `select` matches if there is one now; `None` if there is not.
    ///
    /// # Errors
    /// As [`recv`](Self::recv), except `EINTR` and `EIDRM`.
    pub fn try_recv(&mut self, select: impl Into<Select>) -> Result<Option<(MessageType, T)>> {
        let received = self.queue.try_recv(select, &mut self.message).advise(Errno::E2BIG, longer::<T>)?;
        received.map(|()| self.unpack()).transpose()
    }

    /// Takes the oldest message that `select` matches, waiting for it up to `limit`; `None` if there was none.
    ///
    /// # Errors
    /// As [`recv`](Self::recv) and [`Queue::recv_until`].
    pub fn recv_until<'a>(
        &mut self,
        select: impl Into<Select>,
        limit: impl Into<WaitLimit<'a>>,
    ) -> Result<Option<(MessageType, T)>> {
        let received = self.queue.recv_until(select, &mut self.message, limit);
        received.advise(Errno::E2BIG, longer::<T>)?.map(|()| self.unpack()).transpose()
    }

    fn pack(&mut self, kind: MessageType, payload: &T) {
        self.message.set_kind(kind);
        self.message.set_text(size_of::<T>()).copy_from_slice(payload.as_bytes());
    }

    fn unpack(&self) -> Result<(MessageType, T)> {
        let text = self.message.text();
        let payload = T::read_from_bytes(text).map_err(|_| {
            Error::Usage(format!(
                "the message of type {} has {} bytes, but a {} has {}: the two sides disagree on the struct",
                self.message.kind(),
                text.len(),
                name::<T>(),
                size_of::<T>(),
            ))
        })?;
        Ok((self.message.kind(), payload))
    }
}

/// Returns the advice for a message that is longer than a `T`.
fn longer<T>() -> String {
    format!(
        "it stays in the queue: longer than a {} of {} bytes, so it is something else",
        name::<T>(),
        size_of::<T>()
    )
}

/// Returns the name of `T` without its path.
fn name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    name.rsplit("::").next().unwrap_or(name)
}

impl<T> fmt::Debug for TypedQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedQueue")
            .field("queue", &self.queue)
            .field("payload", &name::<T>())
            .finish_non_exhaustive()
    }
}
