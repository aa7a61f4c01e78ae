//! Sockets by bare calls: `send` and `recv`. One socket carries both directions.

use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd as _, OwnedFd};

use ipc_core::{Call, Error, Result};
use ipc_demo::cpus::Role;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, getsockopt, recv, send, setsockopt, socketpair, sockopt,
};

use super::blocks::{in_blocks, play_in_blocks};
use super::ends::{BareEnds, BareSide, BothEnds};
use super::loops::{play, read_all, write_all};
use super::waiting::Waiter;

/// Creates two connected stream sockets.
pub(super) fn make_streams() -> Result<BothEnds> {
    Ok(both(pair(SockType::Stream)?))
}

/// Creates two connected sockets for packets of `size` bytes.
pub(super) fn make_packets(size: usize) -> Result<BothEnds> {
    let (ping, pong) = pair(SockType::SeqPacket)?;
    // A packet is sent whole or not at all: the buffer has to hold one, with the kernel's overhead.
    let needed = size + 1024;
    for socket in [&ping, &pong] {
        // `SO_SNDBUF` reads back as double the usable size, to leave room for the kernel's overhead.
        if getsockopt(socket, sockopt::SndBuf).call("getsockopt")? / 2 < needed {
            let forced = setsockopt(socket, sockopt::SndBufForce, &needed);
            forced.or_else(|_| setsockopt(socket, sockopt::SndBuf, &needed)).call("setsockopt")?;
        }
    }
    Ok(both((ping, pong)))
}

/// Creates two sockets that are connected over the loopback interface.
pub(super) fn make_tcp() -> Result<BothEnds> {
    Ok(both(connect()?))
}

fn both((ping, pong): (OwnedFd, OwnedFd)) -> BothEnds {
    let ends = |socket| BareEnds { descriptors: vec![socket], number: 0 };
    BothEnds { ping: ends(ping), pong: ends(pong), ownership: None }
}

fn pair(kind: SockType) -> Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::Unix, kind, None, SockFlag::SOCK_CLOEXEC).call("socketpair")
}

/// Connects over the loopback interface. Without `TCP_NODELAY` a short message may wait until the one before is
/// acknowledged.
fn connect() -> Result<(OwnedFd, OwnedFd)> {
    let listener = TcpListener::bind("127.0.0.1:0").call("bind")?;
    let ping = TcpStream::connect(listener.local_addr().call("getsockname")?).call("connect")?;
    let ours = ping.local_addr().call("getsockname")?;
    let pong = loop {
        let (socket, from) = listener.accept().call("accept4")?;
        if from == ours {
            break socket; // any other connection is closed
        }
    };
    for socket in [&ping, &pong] {
        socket.set_nodelay(true).call("setsockopt")?;
    }
    Ok((ping.into(), pong.into()))
}

fn socket(ends: BareEnds) -> Result<OwnedFd> {
    ends.descriptors.into_iter().next().ok_or(Error::Corrupt("no descriptor"))
}

fn flags(waiter: Waiter) -> MsgFlags {
    let never_waits = if waiter.polls() { MsgFlags::MSG_DONTWAIT } else { MsgFlags::empty() };
    MsgFlags::MSG_NOSIGNAL | never_waits
}

/// Returns one side of the exchange over a stream, for which both sides know the length of the messages.
pub(super) fn stream(role: Role, ends: BareEnds, piece: Option<usize>, waiter: Waiter) -> Result<BareSide> {
    let (owned, flags, piece) = (socket(ends)?, flags(waiter), piece.unwrap_or(usize::MAX));
    Ok(Box::new(move |order| {
        let fd = owned.as_raw_fd();
        if in_blocks(order, piece) {
            let send = |bytes: &[u8]| waiter.until(|| send(fd, bytes, flags));
            return play_in_blocks(role, order, piece, send, |buffer| {
                waiter.until(|| recv(fd, buffer, flags))
            });
        }
        play(
            role,
            order,
            |message| write_all(message.text(), piece, |bytes| waiter.until(|| send(fd, bytes, flags))),
            |message| read_all(message.text_mut(), |buffer| waiter.until(|| recv(fd, buffer, flags))),
        )
    }))
}

/// Returns one side of the exchange in packets: one call, one message.
pub(super) fn packets(role: Role, ends: BareEnds, waiter: Waiter) -> Result<BareSide> {
    let (owned, flags) = (socket(ends)?, flags(waiter));
    Ok(Box::new(move |order| {
        let (fd, size) = (owned.as_raw_fd(), order.size);
        let whole = |len| if len == size { Ok(()) } else { Err(Errno::EPIPE) };
        play(
            role,
            order,
            |message| waiter.until(|| send(fd, message.text(), flags)).and_then(whole),
            |message| waiter.until(|| recv(fd, message.text_mut(), flags)).and_then(whole),
        )
    }))
}
