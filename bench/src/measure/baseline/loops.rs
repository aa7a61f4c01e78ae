//! The loops around the bare calls: which side sends, which receives, and between which two moments the clock runs.

use std::time::{Duration, Instant};

use ipc_demo::cpus::Role;
use ipc_demo::exchange::{Pattern, Payload, Workload};
use nix::errno::Errno;
use zerocopy::IntoBytes as _;

/// Memory for one message, which begins with a cache line: a copy of 64 bytes across two lines takes longer. One word
/// precedes it, where a System V queue expects the message's type; the other mechanisms ignore that word.
pub(super) struct Buffer {
    words: Vec<u64>,
    /// Where the preceding word is.
    start: usize,
    len: usize,
}

/// The length of a cache line.
const LINE: usize = 64;

impl Buffer {
    /// Returns a message whose pages are written once, so that they are present before anything is timed.
    fn new(len: usize) -> Self {
        let words = vec![1_u64; 1 + LINE / size_of::<u64>() + len.div_ceil(size_of::<u64>())];
        let start = words.as_ptr().wrapping_add(1).align_offset(LINE);
        Self { words, start, len }
    }

    /// Returns the bytes to send.
    #[inline]
    pub(super) fn text(&self) -> &[u8] {
        &self.words[self.start + 1..].as_bytes()[..self.len]
    }

    /// Returns the buffer to receive into.
    #[inline]
    pub(super) fn text_mut(&mut self) -> &mut [u8] {
        &mut self.words[self.start + 1..].as_mut_bytes()[..self.len]
    }

    /// Returns the word in front, and the message after it.
    #[inline]
    pub(super) fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words[self.start..]
    }
}

/// Plays one side of an order with calls that send and receive one message.
#[inline]
pub(super) fn play(
    role: Role,
    order: &Workload,
    mut send: impl FnMut(&mut Buffer) -> nix::Result<()>,
    mut receive: impl FnMut(&mut Buffer) -> nix::Result<()>,
) -> nix::Result<Duration> {
    let payload = Payload { verify: order.verify };
    let mut message = Buffer::new(order.size);
    let read = |number, message: &Buffer| payload.read(number, message.text()).map_err(|_| Errno::EBADMSG);
    let mut started = Instant::now();
    match (order.pattern, role) {
        (Pattern::RoundTrip | Pattern::OneWay, Role::Ping) => {
            for round in 0..order.count {
                payload.write(round, message.text_mut());
                send(&mut message)?;
                receive(&mut message)?;
                read(round, &message)?;
            }
        }
        (Pattern::RoundTrip | Pattern::OneWay, Role::Pong) => {
            for round in 0..order.count {
                receive(&mut message)?;
                read(round, &message)?;
                payload.write(round, message.text_mut());
                send(&mut message)?;
            }
        }
        (Pattern::Stream | Pattern::Paced, Role::Ping) => {
            for number in 0..order.count {
                payload.write(number, message.text_mut());
                send(&mut message)?;
            }
        }
        (Pattern::Stream | Pattern::Paced, Role::Pong) => {
            for number in 0..order.count {
                receive(&mut message)?;
                if number == 0 {
                    started = Instant::now(); // the receiver's clock, from the first message on
                }
                read(number, &message)?;
            }
        }
    }
    Ok(started.elapsed())
}

/// Writes all of `bytes`, at most `piece` bytes at once, to a stream that may accept fewer.
#[inline]
pub(super) fn write_all(
    bytes: &[u8],
    piece: usize,
    mut write: impl FnMut(&[u8]) -> nix::Result<usize>,
) -> nix::Result<()> {
    for mut rest in bytes.chunks(piece) {
        while !rest.is_empty() {
            rest = &rest[write(rest)?..];
        }
    }
    Ok(())
}

/// Fills `buffer` from a stream that may deliver fewer bytes at once.
#[inline]
pub(super) fn read_all(
    mut buffer: &mut [u8],
    mut read: impl FnMut(&mut [u8]) -> nix::Result<usize>,
) -> nix::Result<()> {
    while !buffer.is_empty() {
        match read(buffer)? {
            0 => return Err(Errno::EPIPE), // the other side has ended
            len => buffer = &mut buffer[len..],
        }
    }
    Ok(())
}
