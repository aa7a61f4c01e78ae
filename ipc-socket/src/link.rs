//! A connected end, of any variant.

use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use ipc_core::lease::Lease;
use ipc_core::{Call, Framed, Result, Transport};

use crate::{Connection, Packets, TCP, UNIX_SEQPACKET};

/// A connected end.
#[derive(Debug)]
pub enum Link {
    /// Messages framed in a stream of bytes.
    Stream(Framed<Connection>),
    /// Messages as packets.
    Packets(Packets),
}

impl Link {
    pub(crate) fn new(socket: OwnedFd, variant: &str, lease: Option<Lease>) -> Result<Self> {
        if variant == TCP {
            let stream = TcpStream::from(socket);
            // Send a short message at once, instead of waiting for more to fill a packet with.
            stream.set_nodelay(true).call("setsockopt")?;
            return Ok(Self::Stream(Framed::new(Connection::new(stream.into(), true, None))));
        }
        let connection = Connection::new(socket, false, lease);
        Ok(match variant {
            UNIX_SEQPACKET => Self::Packets(Packets::new(connection)?),
            _ => Self::Stream(Framed::new(connection)),
        })
    }
}

/// The socket itself, for whoever wants to look at it or to write past the protocol.
impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Stream(framed) => framed.stream().as_fd(),
            Self::Packets(packets) => packets.as_fd(),
        }
    }
}

impl Transport for Link {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        match self {
            Self::Stream(link) => link.send(message),
            Self::Packets(link) => link.send(message),
        }
    }

    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self {
            Self::Stream(link) => link.recv(buffer),
            Self::Packets(link) => link.recv(buffer),
        }
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        match self {
            Self::Stream(link) => link.send_timeout(message, timeout),
            Self::Packets(link) => link.send_timeout(message, timeout),
        }
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        match self {
            Self::Stream(link) => link.recv_timeout(buffer, timeout),
            Self::Packets(link) => link.recv_timeout(buffer, timeout),
        }
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        match self {
            Self::Stream(link) => link.try_send(message),
            Self::Packets(link) => link.try_send(message),
        }
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        match self {
            Self::Stream(link) => link.try_recv(buffer),
            Self::Packets(link) => link.try_recv(buffer),
        }
    }

    fn max_message(&self) -> usize {
        match self {
            Self::Stream(link) => link.max_message(),
            Self::Packets(link) => link.max_message(),
        }
    }
}
