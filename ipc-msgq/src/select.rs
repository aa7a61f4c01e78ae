//! The message that a receiver wants.

use std::ffi::{c_int, c_long};

use crate::MessageType;

/// The message that a receiver wants: always the oldest of those that match.
///
/// The kernel takes it as a flag and a number, `msgtyp`, whose sign matters. A type below 1 would turn one meaning into
/// another, so it cannot be written here.
///
/// A [`MessageType`] by itself selects exactly that type.
///
/// ```
/// # use ipc_msgq::{Message, MessageType, Queue, Select};
/// let queue = Queue::private(0o600)?.owned();
/// let [two, three, five] = [2, 3, 5].map(|number| MessageType::new(number).unwrap());
/// for kind in [five, three, two, three] {
///     queue.send(&Message::new(kind, b""))?;
/// }
/// let mut message = Message::with_capacity(0);
/// for (select, received) in [
///     (Select::UpTo(three), two), // the lowest, although a 3 is older
///     (Select::Except(five), three),
///     (Select::Any, five),
///     (three.into(), three),
/// ] {
///     queue.recv(select, &mut message)?;
///     assert_eq!(message.kind(), received);
/// }
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Select {
    /// Any message. `msgtyp` is 0.
    Any,
    /// A message of exactly this type. `msgtyp` is the type.
    Exactly(MessageType),
    /// A message of the lowest type present, if that is not above this one. `msgtyp` is the type, negated.
    UpTo(MessageType),
    /// A message of any type but this one. `msgtyp` is the type, and the flag `MSG_EXCEPT` is set.
    #[doc(alias = "MSG_EXCEPT")]
    Except(MessageType),
}

impl Select {
    /// Returns the kernel's `msgtyp` and its flag.
    // ANCHOR: msgtyp
    pub(crate) const fn msgtyp(self) -> (c_long, c_int) {
        match self {
            Self::Any => (0, 0),
            Self::Exactly(kind) => (kind.get(), 0),
            Self::UpTo(kind) => (-kind.get(), 0), // a type is at least 1, so this cannot overflow
            Self::Except(kind) => (kind.get(), libc::MSG_EXCEPT),
        }
    }
    // ANCHOR_END: msgtyp
}

impl From<MessageType> for Select {
    fn from(kind: MessageType) -> Self {
        Self::Exactly(kind)
    }
}
