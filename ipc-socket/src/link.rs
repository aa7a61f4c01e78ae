//! A connected end, of any variant.

use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use ipc_core::lease::Lease;
use ipc_core::{Advise, Call, Framed, Result, Transport};
use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};

use crate::{Connection, Packets, TCP, UNIX_SEQPACKET};

/// How long a TCP connection lives without an answer from the other host.
pub const TCP_SILENCE: Duration = Duration::from_secs(8);

/// The part of [`TCP_SILENCE`] that passes before the first question, and the time between two of them.
const TCP_QUIET: Duration = Duration::from_secs(3);
const TCP_ASKS_EVERY: Duration = Duration::from_secs(1);

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
            give_up_after_silence(&stream).call("setsockopt")?;
            return Ok(Self::Stream(Framed::new(Connection::new(stream.into(), true, None))));
        }
        let connection = Connection::new(socket, false, lease);
        Ok(match variant {
            UNIX_SEQPACKET => Self::Packets(Packets::new(connection)?),
            _ => Self::Stream(Framed::new(connection)),
        })
    }
}

// ANCHOR: silence
/// Has the kernel give the connection up when the other host does not answer for [`TCP_SILENCE`]: to our questions while
/// nothing is sent (`SO_KEEPALIVE`), or to what we have sent (`TCP_USER_TIMEOUT`). Without either, a blocked receive waits
/// for ever, and a send for a quarter of an hour. See [tcp(7)](https://man7.org/linux/man-pages/man7/tcp.7.html).
#[doc(alias = "SO_KEEPALIVE")]
#[doc(alias = "TCP_USER_TIMEOUT")]
fn give_up_after_silence(stream: &TcpStream) -> nix::Result<()> {
    let questions = (TCP_SILENCE.as_secs() - TCP_QUIET.as_secs()) / TCP_ASKS_EVERY.as_secs();
    setsockopt(stream, sockopt::KeepAlive, &true)?;
    setsockopt(stream, sockopt::TcpKeepIdle, &(TCP_QUIET.as_secs() as u32))?;
    setsockopt(stream, sockopt::TcpKeepInterval, &(TCP_ASKS_EVERY.as_secs() as u32))?;
    setsockopt(stream, sockopt::TcpKeepCount, &(questions as u32))?;
    setsockopt(stream, sockopt::TcpUserTimeout, &(TCP_SILENCE.as_millis() as u32))
}
// ANCHOR_END: silence

/// Says of a connection that the kernel has given up what that means. If a router, or our own host, has said that there
/// is no way to the other one, the kernel gives that as the reason.
fn unless_silent<T>(mut result: Result<T>) -> Result<T> {
    for errno in [Errno::ETIMEDOUT, Errno::EHOSTUNREACH, Errno::ENETUNREACH] {
        result = result.advise(errno, || {
            let seconds = TCP_SILENCE.as_secs();
            format!("no answer for {seconds} s: the network in between is cut, or the other host is down")
        });
    }
    result
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
            Self::Stream(link) => unless_silent(link.send(message)),
            Self::Packets(link) => link.send(message),
        }
    }

    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self {
            Self::Stream(link) => unless_silent(link.recv(buffer)),
            Self::Packets(link) => link.recv(buffer),
        }
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        match self {
            Self::Stream(link) => unless_silent(link.send_timeout(message, timeout)),
            Self::Packets(link) => link.send_timeout(message, timeout),
        }
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        match self {
            Self::Stream(link) => unless_silent(link.recv_timeout(buffer, timeout)),
            Self::Packets(link) => link.recv_timeout(buffer, timeout),
        }
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        match self {
            Self::Stream(link) => unless_silent(link.try_send(message)),
            Self::Packets(link) => link.try_send(message),
        }
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        match self {
            Self::Stream(link) => unless_silent(link.try_recv(buffer)),
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
