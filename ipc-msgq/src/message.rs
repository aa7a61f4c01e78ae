//! One message and its type.

use std::ffi::c_long;
use std::fmt;
use std::str::FromStr;

use ipc_core::{Error, Result};
use zerocopy::IntoBytes;

/// A message's type, which tells the messages of one queue apart: a whole number from 1 up. The kernel refuses to send
/// 0 or less, and gives those another meaning in a *selection*; this type cannot hold them.
///
/// ```
/// # use ipc_msgq::MessageType;
/// assert_eq!(MessageType::new(7).map(MessageType::get), Some(7));
/// assert_eq!(MessageType::new(0), None);
/// assert!("-1".parse::<MessageType>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageType(c_long);

impl MessageType {
    /// The lowest type, for programs that need no types.
    pub const ONE: Self = Self(1);

    /// The highest type.
    pub const MAX: Self = Self(c_long::MAX);

    /// Returns the type `number`, or `None` if it is below 1.
    #[must_use]
    pub const fn new(number: c_long) -> Option<Self> {
        if number >= 1 { Some(Self(number)) } else { None }
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> c_long {
        self.0
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for MessageType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        text.parse().ok().and_then(Self::new).ok_or_else(|| {
            Error::Usage(format!(
                "invalid message type '{text}': expected a whole number from 1 to {}",
                Self::MAX
            ))
        })
    }
}

/// One message as the kernel expects it: `struct msgbuf { long mtype; char mtext[]; }`.
///
/// It knows its own capacity, so the size passed to the kernel is always that of the text, without the type, and the
/// kernel cannot write past the end. The text begins at an address that is a multiple of eight.
///
/// ```
/// # use ipc_msgq::{Message, MessageType};
/// let message = Message::new(MessageType::ONE, b"hello.txt");
/// assert_eq!(message.text(), b"hello.txt");
/// assert_eq!(message.kind(), MessageType::ONE);
/// ```
// ANCHOR: message
pub struct Message {
    /// `memory[0]` is the type; the text follows. There is room for one byte more than `capacity`: if the kernel fills
    /// that byte too, the message was longer, which the kernel reports in no other way.
    memory: Box<[c_long]>,
    /// Room for text, in bytes.
    capacity: usize,
    /// Length of the text, in bytes; at most `capacity`.
    len: usize,
    /// True if a message longer than `capacity` is cut, rather than left in the queue.
    truncating: bool,
    /// True if the last message received was cut.
    truncated: bool,
}
// ANCHOR_END: message

const WORD: usize = size_of::<c_long>();

// The functions that every message passes through are inlined into the callers' crates, here and in `queue.rs` and
// `system_v/link.rs`: this saves one or two hundredths of a round trip (`examples/baseline.rs`).
impl Message {
    /// Returns an empty message of type 1 with room for `capacity` bytes of text. A longer message stays in the queue,
    /// and the call that tries to receive it fails with `E2BIG`.
    ///
    /// ```
    /// # use ipc_msgq::{Message, MessageType};
    /// let mut message = Message::with_capacity(100);
    /// message.set_kind(MessageType::MAX);
    /// message.set_text(2).copy_from_slice(b"hi");
    /// assert_eq!((message.kind(), message.text(), message.capacity()), (MessageType::MAX, &b"hi"[..], 100));
    /// ```
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let mut memory = vec![0; 1 + (capacity + 1).div_ceil(WORD)].into_boxed_slice();
        memory[0] = 1;
        Self { memory, capacity, len: 0, truncating: false, truncated: false }
    }

    /// Returns the same, but a longer message is received with its first `capacity` bytes, and **the rest is lost**
    /// (`MSG_NOERROR`). The kernel does not report the cut; [`is_truncated`](Self::is_truncated) does: the kernel is
    /// offered one byte more than the capacity, and only a longer message fills that byte, too.
    ///
    /// ```
    /// # use ipc_msgq::{Message, MessageType, Queue, Select};
    /// let queue = Queue::private(0o600)?.owned();
    /// for text in [b"short", b"exact!!" as &[u8], b"too long"] {
    ///     queue.send(&Message::new(MessageType::ONE, text))?;
    /// }
    /// let mut message = Message::truncating(7);
    /// for (text, cut) in [(b"short" as &[u8], false), (b"exact!!", false), (b"too lon", true)] {
    ///     queue.recv(Select::Any, &mut message)?;
    ///     assert_eq!((message.text(), message.is_truncated()), (text, cut));
    /// }
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    #[must_use]
    #[doc(alias = "MSG_NOERROR")]
    pub fn truncating(capacity: usize) -> Self {
        Self { truncating: true, ..Self::with_capacity(capacity) }
    }

    /// Returns a message of type `kind` that holds `text` and has no room for more.
    #[must_use]
    pub fn new(kind: MessageType, text: &[u8]) -> Self {
        let mut message = Self::with_capacity(text.len());
        message.set_kind(kind);
        message.set_text(text.len()).copy_from_slice(text);
        message
    }

    /// Returns the number of bytes of text that fit.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// Returns whether the text is only the beginning of the message. Only possible if made by
    /// [`truncating`](Self::truncating).
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Returns the type.
    #[must_use]
    #[inline]
    pub fn kind(&self) -> MessageType {
        MessageType::new(self.memory[0]).expect("neither we nor the kernel ever store a type below 1")
    }

    /// Changes the type.
    #[inline]
    pub fn set_kind(&mut self, kind: MessageType) {
        self.memory[0] = kind.get();
    }

    /// Returns the text.
    #[must_use]
    #[inline]
    pub fn text(&self) -> &[u8] {
        &self.memory[1..].as_bytes()[..self.len]
    }

    /// Makes the text `len` bytes long and lends it for writing. Its content until then is unspecified.
    ///
    /// # Panics
    /// If `len` is more than [`capacity`](Self::capacity).
    #[inline]
    pub fn set_text(&mut self, len: usize) -> &mut [u8] {
        assert!(len <= self.capacity, "{len} bytes of text do not fit {}", self.capacity);
        (self.len, self.truncated) = (len, false);
        &mut self.memory[1..].as_mut_bytes()[..len]
    }

    /// Returns the arguments for `msgsnd`: the type with the text behind it, and the length of the text.
    #[inline]
    pub(crate) fn outgoing(&self) -> (&[c_long], usize) {
        (&self.memory, self.len)
    }

    /// Returns the arguments for `msgrcv`: the memory, the number of bytes of text that fit, and a flag.
    #[inline]
    pub(crate) fn incoming(&mut self) -> (&mut [c_long], usize, libc::c_int) {
        if self.truncating {
            (&mut self.memory, self.capacity + 1, libc::MSG_NOERROR)
        } else {
            (&mut self.memory, self.capacity, 0)
        }
    }

    /// Records that `msgrcv` has written `len` bytes of text.
    #[inline]
    pub(crate) fn received(&mut self, len: usize) {
        self.truncated = len > self.capacity;
        self.len = len.min(self.capacity);
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("kind", &self.kind()).field("text", &self.text()).finish()
    }
}
