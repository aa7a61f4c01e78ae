//! Messages over sequenced packets: the kernel keeps the boundaries, so there is no length to send.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use ipc_core::{ByteStream, Call, Error, Mode, Result, Transport};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, getsockopt, recvmsg, setsockopt, sockopt};

use crate::stream::{Connection, flags};

/// The longest message in a packet: 1 MiB, where the system lets a send buffer be that large. The kernel copies each
/// packet into one piece of its memory; longer ones are for a stream.
pub const MAX_PACKET: usize = 1 << 20;

/// What each packet begins with. Without it, an empty message would be an empty packet, and `recvmsg` returns 0 for
/// that as well as for the end.
const MESSAGE: u8 = b'm';

/// What the kernel keeps for itself of a send buffer, by experiment: a packet of `SO_SNDBUF` - 32 bytes passes.
const OVERHEAD: usize = 32 + size_of_val(&MESSAGE);

/// A [`Transport`] over a socket of type `SOCK_SEQPACKET`.
#[derive(Debug)]
pub struct Packets {
    connection: Connection,
    /// The longest message that the send buffer takes.
    max: usize,
    /// Catches what does not fit the caller's buffer. Its pages cost nothing until then.
    overflow: Vec<u8>,
    /// Length of the message that is kept in `overflow`, because the caller's buffer was too small.
    kept: Option<usize>,
}

impl Packets {
    pub(crate) fn new(connection: Connection) -> Result<Self> {
        // The administrator may pass the system's limit (`net.core.wmem_max`); others get as much as it allows.
        if setsockopt(&connection, sockopt::SndBufForce, &(MAX_PACKET + OVERHEAD)).is_err() {
            setsockopt(&connection, sockopt::SndBuf, &(MAX_PACKET + OVERHEAD)).call("setsockopt")?;
        }
        let send_buffer = getsockopt(&connection, sockopt::SndBuf).call("getsockopt")?;
        let max = send_buffer.saturating_sub(OVERHEAD).min(MAX_PACKET);
        Ok(Self { connection, max, overflow: vec![0; MAX_PACKET], kept: None })
    }

    fn send_packet(&self, message: &[u8], mode: Mode) -> Result<Option<()>> {
        if message.len() > self.max {
            return Err(Error::TooLarge { len: message.len(), max: self.max });
        }
        let packet = [IoSlice::new(&[MESSAGE]), IoSlice::new(message)];
        loop {
            match self.connection.write(&packet, mode) {
                Ok(_) => return Ok(Some(())), // a packet goes whole or not at all
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(None),
                Err(Errno::EPIPE | Errno::ECONNRESET) => return Err(Error::Disconnected),
                Err(errno) => return Err(errno).call(Connection::WRITE),
            }
        }
    }

    fn recv_packet(&mut self, buffer: &mut [u8], mode: Mode) -> Result<Option<usize>> {
        let len = match self.kept {
            Some(len) => len,
            None => match self.next_packet(buffer, mode)? {
                Some(len) if len > buffer.len() => {
                    self.keep(buffer, len);
                    len
                }
                received => return Ok(received),
            },
        };
        if len > buffer.len() {
            return Err(Error::BufferTooSmall { needed: len });
        }
        buffer[..len].copy_from_slice(&self.overflow[..len]);
        self.kept = None;
        Ok(Some(len))
    }

    /// Receives a packet into `buffer`, and what does not fit into `overflow`; returns the message's length.
    fn next_packet(&mut self, buffer: &mut [u8], mode: Mode) -> Result<Option<usize>> {
        let mut kind = [0];
        let mut pieces =
            [IoSliceMut::new(&mut kind), IoSliceMut::new(buffer), IoSliceMut::new(&mut self.overflow)];
        loop {
            match recvmsg::<()>(self.connection.as_fd().as_raw_fd(), &mut pieces, None, flags(mode)) {
                Ok(received) => {
                    let (bytes, cut) = (received.bytes, received.flags.contains(MsgFlags::MSG_TRUNC));
                    return match bytes {
                        0 => Err(Error::Disconnected),
                        _ if cut || bytes > 1 + MAX_PACKET => {
                            Err(Error::Corrupt("a packet longer than any message can be"))
                        }
                        _ if kind != [MESSAGE] => Err(Error::Corrupt("a packet that is no message")),
                        _ => Ok(Some(bytes - 1)),
                    };
                }
                // A peer that closed with something unread causes one such error, ahead of what it sent before.
                Err(Errno::ECONNRESET | Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(None),
                Err(errno) => return Err(errno).call("recvmsg"),
            }
        }
    }

    /// Puts a message together in `overflow`, of which the first part is in `buffer`.
    fn keep(&mut self, buffer: &[u8], len: usize) {
        self.overflow.copy_within(..len - buffer.len(), buffer.len());
        self.overflow[..buffer.len()].copy_from_slice(buffer);
        self.kept = Some(len);
    }
}

impl AsFd for Packets {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.connection.as_fd()
    }
}

impl Transport for Packets {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.send_packet(message, Mode::Block).map(|sent| sent.expect("a blocking send waits"))
    }

    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.recv_packet(buffer, Mode::Block).map(|len| len.expect("a blocking receive waits"))
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.send_packet(message, Mode::Try)
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.recv_packet(buffer, Mode::Try)
    }

    fn max_message(&self) -> usize {
        self.max
    }
}
