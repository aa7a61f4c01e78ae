//! Messages written and read in place, without a copy on either side.
//!
//! [`send`](crate::Sender::send) copies a message from the caller's memory into the ring, and `recv` copies it out
//! again. A caller that builds a message piece by piece can build it in the ring directly, and one that only inspects a
//! message can inspect it there:
//!
//! | the sender | the receiver |
//! |---|---|
//! | [`reserve`](RingSender::reserve): room for this many bytes | [`peek`](RingReceiver::peek): the next message |
//! | writes them | reads it |
//! | [`commit`](WriteGrant::commit) or [`feed`](WriteGrant::feed), or nothing is sent | [`release`](ReadGrant::release), or it stays the next one |
//!
//! # Why there is no slice
//! A `&[u8]` promises Rust that the bytes do not change, a `&mut [u8]` that nothing else accesses them. Here the peer
//! can write at any moment, so either would be undefined behaviour, whether or not the peer does write. A compiler that
//! relies on the promise may read a byte twice, once to check it and once to use it. `MaybeUninit` does not help: it
//! allows bytes that are not initialised, not bytes that another process changes. So these types return values: each
//! call reads or writes the memory once, through atomics or by one copy, and a copy is a value of any type for which all
//! bytes are valid. A hostile peer can still change the bytes *between* two reads, so a value that was checked must not
//! be read again to be used.

use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::atomic::Ordering;
use super::half::{BLOCKING, Half};
use super::link::RingLink;
use super::memory::Memory;
use super::receiver::RingReceiver;
use super::sender::RingSender;
use crate::{Error, Result, Sender};

const WORD: usize = size_of::<u64>();

impl<M: Memory> RingSender<M> {
    /// Reserves room for a message of `len` bytes, to be written in place, waiting for it as long as it takes. Nothing
    /// is sent before [`commit`](WriteGrant::commit).
    ///
    /// # Errors
    /// As [`send`](crate::Sender::send).
    pub fn reserve(&mut self, len: usize) -> Result<WriteGrant<'_, M>> {
        self.sleep_until(None, |half| half.has_room(len))?.expect(BLOCKING);
        Ok(WriteGrant::new(self, len))
    }

    /// Reserves room if there is enough now; `None` means "not now".
    ///
    /// # Errors
    /// As [`send`](crate::Sender::send).
    pub fn try_reserve(&mut self, len: usize) -> Result<Option<WriteGrant<'_, M>>> {
        Ok(self.has_room(len)?.map(|()| WriteGrant::new(self, len)))
    }
}

impl<M: Memory> RingReceiver<M> {
    /// Returns the next message, to be read in place, waiting for it as long as it takes. It stays the next message
    /// until [`release`](ReadGrant::release).
    ///
    /// # Errors
    /// As [`recv`](crate::Receiver::recv), but no buffer is too small.
    pub fn peek(&mut self) -> Result<ReadGrant<'_, M>> {
        let len = self.sleep_until(None, Self::next)?.expect(BLOCKING);
        Ok(ReadGrant::new(self, len))
    }

    /// Returns the next message if there is one now; `None` means "not now".
    ///
    /// # Errors
    /// As [`peek`](Self::peek). As with [`try_recv`](crate::Receiver::try_recv), a killed peer may show as `None`
    /// indefinitely.
    pub fn try_peek(&mut self) -> Result<Option<ReadGrant<'_, M>>> {
        Ok(self.next()?.map(|len| ReadGrant::new(self, len)))
    }
}

impl<M: Memory> RingLink<M> {
    /// Does what [`RingSender::reserve`] does.
    ///
    /// # Errors
    /// As there.
    pub fn reserve(&mut self, len: usize) -> Result<WriteGrant<'_, M>> {
        self.sender.reserve(len)
    }

    /// Does what [`RingSender::try_reserve`] does.
    ///
    /// # Errors
    /// As there.
    pub fn try_reserve(&mut self, len: usize) -> Result<Option<WriteGrant<'_, M>>> {
        self.sender.try_reserve(len)
    }

    /// Does what [`RingReceiver::peek`] does.
    ///
    /// # Errors
    /// As there.
    pub fn peek(&mut self) -> Result<ReadGrant<'_, M>> {
        self.flush_first()?;
        self.receiver.peek()
    }

    /// Does what [`RingReceiver::try_peek`] does.
    ///
    /// # Errors
    /// As there.
    pub fn try_peek(&mut self) -> Result<Option<ReadGrant<'_, M>>> {
        self.flush_first()?;
        self.receiver.try_peek()
    }

    /// Hands the batch over before a call that receives. A peer that receives no more may have left messages.
    #[inline]
    fn flush_first(&mut self) -> Result<()> {
        match self.sender.flush() {
            Err(Error::Disconnected) => Ok(()),
            flushed => flushed,
        }
    }
}

/// Room in the ring for one message. Its bytes are unspecified until they are written.
///
/// Dropping it without [`commit`](Self::commit) sends nothing and leaves the link as before.
///
/// ```
/// # use std::time::Duration;
/// # use ipc_core::ring::{HeapMemory, Region, RingLink, SEGMENT_LEN, Attachment};
/// # let memory = HeapMemory::new(SEGMENT_LEN);
/// # let (ours, theirs) = (Region::new(memory.clone())?, Region::new(memory)?);
/// # let mut attachment = Attachment::create(ours, RingLink::<HeapMemory>::LAYOUT)?;
/// # let mut peer = RingLink::join(theirs)?.expect("the owner waits");
/// # attachment.wait_for_peer("this example", Duration::from_secs(5))?;
/// # let mut link = RingLink::new(attachment);
/// let mut reservation = link.reserve(11)?;
/// reservation.write(0, b"hello");
/// reservation.write(5, b" ring!");
/// reservation.commit()?;
///
/// let message = peer.peek()?;
/// assert_eq!((message.len(), message.get(6)), (11, b'r'));
/// let mut word = [0; 5];
/// message.read(0, &mut word);
/// assert_eq!(&word, b"hello");
/// message.release()?;
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is sent until it is committed"]
pub struct WriteGrant<'a, M: Memory> {
    sender: &'a mut RingSender<M>,
    len: usize,
}

impl<'a, M: Memory> WriteGrant<'a, M> {
    /// Requires that there is room for `len` bytes.
    pub(super) const fn new(sender: &'a mut RingSender<M>, len: usize) -> Self {
        Self { sender, len }
    }

    /// Returns the length of the message, in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns whether the message has no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes `bytes` at the offset `at`, in bytes.
    ///
    /// # Panics
    /// `bytes` do not fit there.
    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        check(self.len, at, bytes.len());
        let (region, offset) = self.sender.outgoing();
        region.write(offset + at, bytes);
    }

    /// Sets every byte of the message to `byte`.
    pub fn fill(&mut self, byte: u8) {
        let (region, offset) = self.sender.outgoing();
        region.fill(offset, self.len, byte);
    }

    /// Writes a struct at the offset `at`, in bytes.
    ///
    /// # Panics
    /// It does not fit there.
    pub fn write_struct<T: IntoBytes + Immutable>(&mut self, at: usize, value: &T) {
        self.write(at, value.as_bytes());
    }

    /// Writes a word of 8 bytes, in this machine's byte order, at the offset `8 * index`.
    ///
    /// # Panics
    /// The message does not have that many whole words.
    pub fn set_word(&mut self, index: usize, word: u64) {
        let (region, offset) = self.sender.outgoing();
        region.words(offset, self.len / WORD)[index].store(word, Ordering::Relaxed);
    }

    /// Sends the message. If the half that receives has found meanwhile that the peer broke the link, the next call fails, not
    /// this one.
    ///
    /// # Errors
    /// [`Corrupt`](crate::Error::Corrupt): the memory was taken away meanwhile.
    pub fn commit(self) -> Result<()> {
        self.sender.commit(self.len)
    }

    /// Adds the message to the batch, which leaves as [`Sender`] says.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn feed(self) -> Result<()> {
        self.sender.add(self.len)
    }
}

/// The next message, in place in the ring.
///
/// If dropped without [`release`](Self::release), it stays the next message. See [`WriteGrant`] for an example.
#[derive(Debug)]
#[must_use = "the message stays the next one until it is released"]
pub struct ReadGrant<'a, M: Memory> {
    receiver: &'a mut RingReceiver<M>,
    /// Read once and checked; what the ring says about it later does not matter.
    len: usize,
}

impl<'a, M: Memory> ReadGrant<'a, M> {
    /// Requires that the link's next message has `len` bytes.
    pub(super) const fn new(receiver: &'a mut RingReceiver<M>, len: usize) -> Self {
        Self { receiver, len }
    }

    /// Returns the length of the message, in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns whether the message has no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the byte at the offset `at`.
    ///
    /// # Panics
    /// The message is not that long.
    #[must_use]
    pub fn get(&self, at: usize) -> u8 {
        check(self.len, at, 1);
        let (region, offset) = self.receiver.incoming();
        region.words(offset, at / WORD + 1)[at / WORD].load(Ordering::Relaxed).to_ne_bytes()[at % WORD]
    }

    /// Copies bytes from the offset `at` into `into`, as many as it holds.
    ///
    /// # Panics
    /// The message does not have that many bytes.
    pub fn read(&self, at: usize, into: &mut [u8]) {
        check(self.len, at, into.len());
        let (region, offset) = self.receiver.incoming();
        region.read(offset + at, into);
    }

    /// Returns a copy of the struct at the offset `at`, in bytes.
    ///
    /// # Panics
    /// The message does not have that many bytes.
    #[must_use]
    pub fn read_struct<T: FromBytes + IntoBytes>(&self, at: usize) -> T {
        let mut value = T::new_zeroed();
        self.read(at, value.as_mut_bytes());
        value
    }

    /// Returns copies of the whole structs in the message, which follow one another; each is copied when the iterator
    /// reaches it. What is left behind the last one is left to [`read`](Self::read).
    #[must_use]
    pub fn structs<T: FromBytes + IntoBytes>(&self) -> impl ExactSizeIterator<Item = T> {
        const { assert!(size_of::<T>() > 0, "a message holds any number of structs without bytes") };
        (0..self.len / size_of::<T>()).map(|n| self.read_struct(n * size_of::<T>()))
    }

    /// Returns the whole words of 8 bytes, in this machine's byte order; each is read once, when the iterator reaches
    /// it. Up to 7 bytes after the last word are left to [`read`](Self::read).
    #[must_use]
    pub fn words(&self) -> impl ExactSizeIterator<Item = u64> {
        let (region, offset) = self.receiver.incoming();
        region.words(offset, self.len / WORD).iter().map(|word| word.load(Ordering::Relaxed))
    }

    /// Removes the message from the ring. Its room goes back to the sender. If the half that sends has found meanwhile that
    /// the peer broke the link, the next call fails, not this one.
    ///
    /// # Errors
    /// [`Corrupt`](crate::Error::Corrupt): the memory was taken away, maybe before the message was read: do not use any
    /// of its bytes.
    pub fn release(self) -> Result<()> {
        self.receiver.release(self.len)
    }
}

/// Confines every access to the message: next to it are other messages, and the peer's.
fn check(message: usize, at: usize, len: usize) {
    let fits = at.checked_add(len).is_some_and(|end| end <= message);
    assert!(fits, "{len} bytes at {at} of a message of {message}");
}
