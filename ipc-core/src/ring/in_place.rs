//! Messages written and read where they lie, without a copy on either side.
//!
//! [`send`](crate::Transport::send) copies a message from the caller's memory into the ring, `recv` copies it out
//! again. Whoever makes a message piece by piece can make it in the ring at once, and whoever only looks at one can
//! look at it there:
//!
//! | the sender | the receiver |
//! |---|---|
//! | [`reserve`](RingLink::reserve): room for so many bytes | [`peek`](RingLink::peek): the next message |
//! | writes them | reads it |
//! | [`commit`](Reservation::commit), or nothing was sent | [`release`](Peeked::release), or it stays the next one |
//!
//! # Why there is no slice
//! A `&[u8]` promises Rust that the bytes stand still, a `&mut [u8]` that nobody else has them. Here the peer can
//! write at any moment, so either would be undefined behaviour, whether or not anybody writes. A compiler that relies
//! on the promise may read a byte twice, once to check it and once to use it. So these types give out values: each
//! call reads or writes the memory once, through atomics or by one copy. What a hostile peer can still do is change
//! the bytes *between* two reads, so a value that was checked must not be read again to be used.

use super::atomic::Ordering;
use super::link::RingLink;
use super::memory::Memory;
use crate::Result;

const WORD: usize = size_of::<u64>();

/// Room in the ring for one message. Its bytes are unspecified until they are written.
///
/// Dropped without [`commit`](Self::commit), it sends nothing, and the link is as before.
///
/// ```
/// # use std::time::Duration;
/// # use ipc_core::ring::{HeapMemory, Region, RingLink, SEGMENT_LEN, Seat};
/// # let memory = HeapMemory::new(SEGMENT_LEN);
/// # let (ours, theirs) = (Region::new(memory.clone())?, Region::new(memory)?);
/// # let mut seat = Seat::create(ours, RingLink::<HeapMemory>::KIND)?;
/// # let mut peer = RingLink::join(theirs)?.expect("the owner waits");
/// # seat.wait_for_peer("this example", Duration::from_secs(5))?;
/// # let mut link = RingLink::new(seat);
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
/// # ipc_core::Result::Ok(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is sent until it is committed"]
pub struct Reservation<'a, M: Memory> {
    link: &'a mut RingLink<M>,
    len: usize,
}

impl<'a, M: Memory> Reservation<'a, M> {
    /// The link must have room for `len` bytes.
    pub(super) const fn new(link: &'a mut RingLink<M>, len: usize) -> Self {
        Self { link, len }
    }

    /// The length of the message, in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether it is a message of no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes `bytes` to the place `at`, counted in bytes.
    ///
    /// # Panics
    /// They do not fit in there.
    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        check(self.len, at, bytes.len());
        let (region, offset) = self.link.outgoing();
        region.write(offset + at, bytes);
    }

    /// Writes `byte` to every place.
    pub fn fill(&mut self, byte: u8) {
        let (region, offset) = self.link.outgoing();
        region.fill(offset, self.len, byte);
    }

    /// Writes a word of 8 bytes, in this machine's order, to the place `8 * index`.
    ///
    /// # Panics
    /// The message has not that many whole words.
    pub fn set_word(&mut self, index: usize, word: u64) {
        let (region, offset) = self.link.outgoing();
        region.words(offset, self.len / WORD)[index].store(word, Ordering::Relaxed);
    }

    /// Sends the message.
    ///
    /// # Errors
    /// [`Corrupt`](crate::Error::Corrupt): the memory was lost under it.
    pub fn commit(self) -> Result<()> {
        self.link.commit(self.len)
    }
}

/// The next message, where it lies in the ring.
///
/// Dropped without [`release`](Self::release), it stays the next message. See [`Reservation`] for an example.
#[derive(Debug)]
#[must_use = "the message stays the next one until it is released"]
pub struct Peeked<'a, M: Memory> {
    link: &'a mut RingLink<M>,
    /// Read once and checked; what the ring says of it meanwhile does not matter.
    len: usize,
}

impl<'a, M: Memory> Peeked<'a, M> {
    /// The link's next message must have `len` bytes.
    pub(super) const fn new(link: &'a mut RingLink<M>, len: usize) -> Self {
        Self { link, len }
    }

    /// The length of the message, in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether it is a message of no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The byte at the place `at`.
    ///
    /// # Panics
    /// The message is not that long.
    #[must_use]
    pub fn get(&self, at: usize) -> u8 {
        check(self.len, at, 1);
        let (region, offset) = self.link.incoming();
        region.words(offset, at / WORD + 1)[at / WORD].load(Ordering::Relaxed).to_ne_bytes()[at % WORD]
    }

    /// Copies the bytes from the place `at` on out, as many as `into` has.
    ///
    /// # Panics
    /// The message has not that many.
    pub fn read(&self, at: usize, into: &mut [u8]) {
        check(self.len, at, into.len());
        let (region, offset) = self.link.incoming();
        region.read(offset + at, into);
    }

    /// Its whole words of 8 bytes, in this machine's order; each is read once, when it is asked for. Up to 7 bytes
    /// behind the last are left to [`read`](Self::read).
    #[must_use]
    pub fn words(&self) -> impl ExactSizeIterator<Item = u64> {
        let (region, offset) = self.link.incoming();
        region.words(offset, self.len / WORD).iter().map(|word| word.load(Ordering::Relaxed))
    }

    /// Takes the message off the ring. Its room goes back to the sender.
    ///
    /// # Errors
    /// [`Corrupt`](crate::Error::Corrupt): the memory was lost, maybe before the message was read: do not use what was
    /// read of it.
    pub fn release(self) -> Result<()> {
        self.link.release(self.len)
    }
}

/// Holds every access to the bounds of the message: beside it lie others, and the peer's.
fn check(message: usize, at: usize, len: usize) {
    let fits = at.checked_add(len).is_some_and(|end| end <= message);
    assert!(fits, "{len} bytes at {at} of a message of {message}");
}
