//! Messages over sequenced packets: the kernel keeps the boundaries, so there is no length to send.

mod batch;

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::thread;
use std::time::Duration;

use batch::Batch;
use ipc_core::{
    ByteSink, ByteSource, Call, DROP_FLUSHES_FOR, Deadline, Endpoint, Error, Mode, Receiver, Result, Sender,
    Split, retry_when_writable, wait_readable,
};
use nix::errno::Errno;
use nix::sys::socket::{getsockopt, setsockopt, sockopt};

use crate::{ReadEnd, WriteEnd};

/// The longest message in a packet: 1 MiB, where the system allows so large a send buffer. The kernel copies each
/// packet into one contiguous piece of memory; longer messages are for a stream.
pub const MAX_PACKET: usize = 1 << 20;

/// The first byte of each packet. Without it, an empty message would be an empty packet, for which `recvmsg` returns 0,
/// as it does at the end.
const MESSAGE: u8 = b'm';

/// The longest message that is copied rather than sent and received in pieces: 4 KiB, by experiment.
const SHORT: usize = 4 << 10;

/// The kernel's own share of a send buffer, by experiment: a packet of `SO_SNDBUF` - 32 bytes passes.
const OVERHEAD: usize = 32 + size_of_val(&MESSAGE);

/// A link over a socket of type `SOCK_SEQPACKET`.
#[derive(Debug)]
pub struct Packets {
    // Dropped in this order: the peer learns first that nothing more will come.
    sender: PacketSender,
    receiver: PacketReceiver,
}

/// The half of [`Packets`] that sends.
#[derive(Debug)]
pub struct PacketSender {
    write: WriteEnd,
    /// The longest message that the send buffer takes.
    max: usize,
    /// Holds a short message after its kind.
    short: Box<[u8; 1 + SHORT]>,
    batch: Batch,
}

/// The half of [`Packets`] that receives.
#[derive(Debug)]
pub struct PacketReceiver {
    read: ReadEnd,
    /// Holds a whole packet for a caller with a short buffer; otherwise, what does not fit. Its pages cost nothing
    /// until they are used. One byte longer than any packet: a packet that fills it is too long.
    aside: Vec<u8>,
    /// Length of the message in `aside`, after its kind, that is still to be returned.
    kept: Option<usize>,
}

impl Packets {
    pub(crate) fn new(read: ReadEnd, write: WriteEnd) -> Result<Self> {
        // A privileged process may exceed the system's limit (`net.core.wmem_max`); others get as much as it allows.
        if setsockopt(&write, sockopt::SndBufForce, &(MAX_PACKET + OVERHEAD)).is_err() {
            setsockopt(&write, sockopt::SndBuf, &(MAX_PACKET + OVERHEAD)).call("setsockopt")?;
        }
        let send_buffer = getsockopt(&write, sockopt::SndBuf).call("getsockopt")?;
        let max = send_buffer.saturating_sub(OVERHEAD).min(MAX_PACKET);
        let mut short = Box::new([0; 1 + SHORT]);
        short[0] = MESSAGE;
        Ok(Self {
            sender: PacketSender { write, max, short, batch: Batch::default() },
            receiver: PacketReceiver { read, aside: vec![0; 1 + MAX_PACKET + 1], kept: None },
        })
    }
}

impl PacketSender {
    fn send_packet(&mut self, message: &[u8], mode: Mode) -> Result<Option<()>> {
        if message.len() > self.max {
            return Err(Error::TooLarge { len: message.len(), max: self.max });
        }
        let Some(()) = self.send_batch(mode)? else { return Ok(None) };
        loop {
            match self.send_once(message, mode) {
                Ok(_) => return Ok(Some(())), // a packet goes whole or not at all
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(None),
                Err(Errno::EPIPE | Errno::ECONNRESET) => return Err(Error::Disconnected),
                Err(errno) => return Err(errno).call(WriteEnd::WRITE),
            }
        }
    }

    // ANCHOR: send
    /// Sends with one system call. Copying a short message costs less than a second piece.
    #[inline]
    fn send_once(&mut self, message: &[u8], mode: Mode) -> nix::Result<usize> {
        if message.len() <= SHORT {
            self.short[1..][..message.len()].copy_from_slice(message);
            self.write.write(&self.short[..=message.len()], mode)
        } else {
            self.write.writev(&[IoSlice::new(&[MESSAGE]), IoSlice::new(message)], mode)
        }
    }
    // ANCHOR_END: send
}

impl Drop for PacketSender {
    fn drop(&mut self) {
        if !thread::panicking() {
            let _ = self.flush_timeout(DROP_FLUSHES_FOR); // as documented: a drop cannot report an error
        }
    }
}

impl PacketReceiver {
    fn recv_packet(&mut self, buffer: &mut [u8], mode: Mode) -> Result<Option<usize>> {
        if self.kept.is_none() {
            if buffer.len() > SHORT {
                match self.recv_straight(buffer, mode)? {
                    Some(len) if len > buffer.len() => self.keep(buffer, len),
                    received => return Ok(received),
                }
            } else {
                self.kept = self.recv_aside(mode)?;
            }
        }
        let Some(len) = self.kept else { return Ok(None) };
        if len > buffer.len() {
            return Err(Error::BufferTooSmall { needed: len });
        }
        buffer[..len].copy_from_slice(&self.aside[1..][..len]);
        self.kept = None;
        Ok(Some(len))
    }

    /// Receives a packet into `aside` and returns the message's length.
    #[inline]
    fn recv_aside(&mut self, mode: Mode) -> Result<Option<usize>> {
        let bytes = receive(|| self.read.read(&mut self.aside, mode))?;
        bytes.map(|bytes| check(bytes, self.aside[0])).transpose()
    }

    /// Receives a packet into `buffer`, and the rest into `aside`; returns the message's length.
    fn recv_straight(&mut self, buffer: &mut [u8], mode: Mode) -> Result<Option<usize>> {
        let mut kind = [0];
        let mut pieces =
            [IoSliceMut::new(&mut kind), IoSliceMut::new(buffer), IoSliceMut::new(&mut self.aside)];
        let bytes = receive(|| self.read.readv(&mut pieces, mode))?;
        bytes.map(|bytes| check(bytes, kind[0])).transpose()
    }

    /// Assembles in `aside` a message whose first part is in `buffer`.
    fn keep(&mut self, buffer: &[u8], len: usize) {
        self.aside.copy_within(..len - buffer.len(), 1 + buffer.len());
        self.aside[1..][..buffer.len()].copy_from_slice(buffer);
        self.kept = Some(len);
    }
}

/// Repeats `call` over a signal or a reset, and returns the packet's length.
#[inline]
fn receive(mut call: impl FnMut() -> nix::Result<usize>) -> Result<Option<usize>> {
    loop {
        match call() {
            Ok(0) => return Err(Error::Disconnected),
            Ok(bytes) => return Ok(Some(bytes)),
            // A peer that closed with unread data causes one such error, ahead of what it sent before.
            Err(Errno::ECONNRESET | Errno::EINTR) => {}
            Err(Errno::EAGAIN) => return Ok(None),
            Err(errno) => return Err(errno).call(ReadEnd::READ),
        }
    }
}

/// Returns the length of the message in a packet of `bytes` bytes, the first of which is `kind`.
fn check(bytes: usize, kind: u8) -> Result<usize> {
    match bytes - 1 {
        len if len > MAX_PACKET => Err(Error::Corrupt("a packet longer than any message can be")),
        _ if kind != MESSAGE => Err(Error::Corrupt("a packet that is not a message")),
        len => Ok(len),
    }
}

/// The socket itself.
impl AsFd for Packets {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.receiver.as_fd()
    }
}

/// Polls writable when there is room.
impl AsFd for PacketSender {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.write.as_fd()
    }
}

/// Polls readable when there is a packet.
impl AsFd for PacketReceiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read.as_fd()
    }
}

/// Required by tokio's `AsyncFd`.
impl AsRawFd for PacketSender {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// Required by tokio's `AsyncFd`.
impl AsRawFd for PacketReceiver {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl Split for Packets {
    type Sender = PacketSender;
    type Receiver = PacketReceiver;

    fn sender(&mut self) -> &mut PacketSender {
        &mut self.sender
    }

    fn receiver(&mut self) -> &mut PacketReceiver {
        &mut self.receiver
    }

    fn split(mut self) -> (PacketSender, PacketReceiver) {
        self.receiver.read.detach();
        (self.sender, self.receiver)
    }
}

impl Endpoint for Packets {
    fn max_message(&self) -> usize {
        self.sender.max
    }
}

impl Endpoint for PacketSender {
    fn max_message(&self) -> usize {
        self.max
    }
}

impl Endpoint for PacketReceiver {
    /// A peer may be allowed a larger send buffer than this process.
    fn max_message(&self) -> usize {
        MAX_PACKET
    }
}

const WAITS: &str = "a blocking call waits";

impl Sender for PacketSender {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.send_packet(message, Mode::Block).map(|sent| sent.expect(WAITS))
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        retry_when_writable(self, timeout, |sender| sender.try_send(message))
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.send_packet(message, Mode::Try)
    }

    fn feed(&mut self, message: &[u8]) -> Result<()> {
        self.feed_packet(message, Mode::Block).map(|fed| fed.expect(WAITS))
    }

    fn feed_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        retry_when_writable(self, timeout, |sender| sender.try_feed(message))
    }

    fn try_feed(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.feed_packet(message, Mode::Try)
    }

    fn flush(&mut self) -> Result<()> {
        self.send_batch(Mode::Block).map(|flushed| flushed.expect(WAITS))
    }

    fn flush_timeout(&mut self, timeout: Duration) -> Result<Option<()>> {
        retry_when_writable(self, timeout, Self::try_flush)
    }

    fn try_flush(&mut self) -> Result<Option<()>> {
        self.send_batch(Mode::Try)
    }

    fn unsent(&mut self) -> usize {
        self.batch.unsent()
    }
}

impl Receiver for PacketReceiver {
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.recv_packet(buffer, Mode::Block).map(|len| len.expect(WAITS))
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        let deadline = Deadline::after(timeout);
        loop {
            let len = self.recv_packet(buffer, Mode::Try)?;
            if len.is_some() || deadline.has_passed() {
                return Ok(len);
            }
            wait_readable([self.as_fd()], deadline.left(Duration::MAX))?;
        }
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.recv_packet(buffer, Mode::Try)
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

    use super::*;
    use crate::stream::{self, Closing};

    /// As between a privileged process and one that is not.
    #[test]
    fn an_iterator_has_room_for_the_messages_of_a_peer_with_a_larger_buffer() {
        let flags = SockFlag::SOCK_CLOEXEC;
        let sockets = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).unwrap();
        let [mut peer, mut ours] = [sockets.0, sockets.1].map(|socket| {
            let (read, write) = stream::ends(socket, Closing::Release { _ownership: None });
            Packets::new(read, write).unwrap()
        });
        ours.sender.max = 100;
        peer.send(&[7; 1000]).unwrap();
        assert_eq!(ours.messages().next().unwrap().unwrap(), [7; 1000]);
    }
}
