//! The variant `tcp`: two processes on any two hosts meet at a port.

use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use ipc_core::{
    Advise, Call, Clients, Endpoint, FramedReceiver, FramedSender, Mechanism, Persistence, Profile, Reach,
    Receiver, Result, Sender, Setup, Shared, Split, Unit, Variant, ownership,
};
use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};

use crate::greeting::{Listener, Reception};
use crate::stream::{self, Closing};
use crate::{ReadEnd, WriteEnd, address, greeting, join};

/// The time that a TCP connection lives without an answer from the other host.
pub const TCP_SILENCE: Duration = Duration::from_secs(8);

/// The part of [`TCP_SILENCE`] that passes before the first probe, and the time between two probes.
const TCP_QUIET: Duration = Duration::from_secs(3);
const TCP_ASKS_EVERY: Duration = Duration::from_secs(1);

/// The address of an owner that names none: this host alone, any port.
const LOOPBACK: &str = "127.0.0.1:0";

/// The variant `tcp`: a socket that listens at a port and waits for the other side. See the [crate](crate).
#[derive(Debug)]
pub struct Tcp {
    address: String,
    /// `None` once `accept` has succeeded; dropping it stops listening.
    reception: Option<Reception>,
}

impl Mechanism for Tcp {
    const PROFILE: Profile = crate::PROFILE;

    const VARIANT: Variant = Variant {
        name: "tcp",
        type_path: "ipc_socket::Tcp",
        summary: "a stream between any two hosts",
        unit: Unit::ByteStream,
        limits: &[],
        reach: Reach::SameHostAndBeyond,
        persistence: Persistence::Process,
        remains: false,
        clients: Clients::Many,
        server: None,
        lasting: None,
        shares: &[Shared::Network],
    };

    type Options = ();
    type Link = TcpLink;

    // ANCHOR: create
    fn create(address: Option<&str>, _setup: &Setup) -> Result<Self> {
        ownership::sweep::<Self>()?; // it needs no ownership lock of its own, but cleans up after others as any create does
        let listener = address::listen_at_port(address.unwrap_or(LOOPBACK))?;
        let address = listener.local_addr().call("getsockname")?.to_string();
        Ok(Self { address, reception: Some(Reception::new(Listener::Tcp(listener), true)?) })
    }
    // ANCHOR_END: create

    fn address(&self) -> String {
        self.address.clone()
    }

    fn describe(&self) -> String {
        let everywhere = self.address.starts_with("0.0.0.0:") || self.address.starts_with("[::]:");
        let elsewhere = if everywhere {
            "; on another host, type an address of this one instead (hostname -I)"
        } else {
            ""
        };
        format!(
            "listening tcp socket at {}, open to every user and program that reaches the port{elsewhere}",
            self.address
        )
    }

    /// Disconnects a visitor that does not say hello, and goes on waiting.
    fn accept(&mut self, timeout: Duration) -> Result<TcpLink> {
        let socket = greeting::welcome(&mut self.reception, &self.address, timeout)?;
        TcpLink::new(socket)
    }

    fn join(address: &str, _setup: &Setup, timeout: Duration) -> Result<TcpLink> {
        let connect = |left| address::connect_to_port(address, left).map(OwnedFd::from);
        // TCP does not tell whose program it is.
        TcpLink::new(join(address, timeout, connect, |_| Ok(()))?)
    }
}

/// A connected end: messages framed in a stream, with a clear error when the other host no longer answers.
#[derive(Debug)]
pub struct TcpLink {
    // Dropped in this order, as those of `Framed`.
    sender: TcpSender,
    receiver: TcpReceiver,
}

/// The half of a [`TcpLink`] that sends.
#[derive(Debug)]
pub struct TcpSender(FramedSender<WriteEnd>);

/// The half of a [`TcpLink`] that receives. TCP does not tell the other host that it was dropped.
#[derive(Debug)]
pub struct TcpReceiver(FramedReceiver<ReadEnd>);

impl TcpLink {
    fn new(socket: OwnedFd) -> Result<Self> {
        let tcp = TcpStream::from(socket);
        // Send a short message at once, instead of waiting for more data to fill a packet.
        tcp.set_nodelay(true).call("setsockopt")?;
        give_up_after_silence(&tcp).call("setsockopt")?;
        let (read, write) = stream::ends(tcp.into(), Closing::Part);
        Ok(Self {
            sender: TcpSender(FramedSender::new(write)),
            receiver: TcpReceiver(FramedReceiver::new(read)),
        })
    }
}

// ANCHOR: silence
/// Makes the kernel give up the connection when the other host does not answer for [`TCP_SILENCE`]: neither our probes
/// while nothing is sent (`SO_KEEPALIVE`), nor our data (`TCP_USER_TIMEOUT`). Without them, a blocked receive waits
/// forever, and a send for a quarter of an hour. See [tcp(7)](https://man7.org/linux/man-pages/man7/tcp.7.html).
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

/// Explains the error of a connection that the kernel has given up. If a router, or our own host, has reported that
/// there is no route to the other host, the kernel returns that as the reason.
fn unless_silent<T>(mut result: Result<T>) -> Result<T> {
    for errno in [Errno::ETIMEDOUT, Errno::EHOSTUNREACH, Errno::ENETUNREACH] {
        result = result.advise(errno, || {
            let seconds = TCP_SILENCE.as_secs();
            format!("no answer for {seconds} s: the network in between is cut, or the other host is down")
        });
    }
    result
}

/// Exposes the socket itself, to inspect it or to write past the protocol.
impl AsFd for TcpLink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.receiver.as_fd()
    }
}

/// Polls writable when there is room.
impl AsFd for TcpSender {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Polls readable when bytes have arrived: call [`try_recv`](Receiver::try_recv) until it returns `None`.
impl AsFd for TcpReceiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Required by tokio's `AsyncFd`.
impl AsRawFd for TcpSender {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Required by tokio's `AsyncFd`.
impl AsRawFd for TcpReceiver {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Split for TcpLink {
    type Sender = TcpSender;
    type Receiver = TcpReceiver;

    fn sender(&mut self) -> &mut TcpSender {
        &mut self.sender
    }

    fn receiver(&mut self) -> &mut TcpReceiver {
        &mut self.receiver
    }

    fn split(mut self) -> (TcpSender, TcpReceiver) {
        self.receiver.0.detach();
        (self.sender, self.receiver)
    }
}

impl Endpoint for TcpLink {
    fn max_message(&self) -> usize {
        self.sender.max_message()
    }
}

impl Endpoint for TcpSender {
    fn max_message(&self) -> usize {
        self.0.max_message()
    }
}

impl Endpoint for TcpReceiver {
    fn max_message(&self) -> usize {
        self.0.max_message()
    }
}

impl Sender for TcpSender {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        unless_silent(self.0.send(message))
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        unless_silent(self.0.send_timeout(message, timeout))
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        unless_silent(self.0.try_send(message))
    }

    fn feed(&mut self, message: &[u8]) -> Result<()> {
        unless_silent(self.0.feed(message))
    }

    fn feed_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        unless_silent(self.0.feed_timeout(message, timeout))
    }

    fn try_feed(&mut self, message: &[u8]) -> Result<Option<()>> {
        unless_silent(self.0.try_feed(message))
    }

    fn flush(&mut self) -> Result<()> {
        unless_silent(self.0.flush())
    }

    fn flush_timeout(&mut self, timeout: Duration) -> Result<Option<()>> {
        unless_silent(self.0.flush_timeout(timeout))
    }

    fn try_flush(&mut self) -> Result<Option<()>> {
        unless_silent(self.0.try_flush())
    }

    fn unsent(&mut self) -> usize {
        self.0.unsent()
    }
}

impl Receiver for TcpReceiver {
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        unless_silent(self.0.recv(buffer))
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        unless_silent(self.0.recv_timeout(buffer, timeout))
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        unless_silent(self.0.try_recv(buffer))
    }
}
