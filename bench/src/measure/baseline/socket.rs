//! Sockets by bare calls: `send` and `recv`. One socket carries both directions.

use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd as _, OwnedFd};

use ipc_core::{Call, Error, Result};
use ipc_demo::cpus::Role;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, getsockopt, recv, send, setsockopt, socketpair, sockopt,
};

use super::exchange::{play, read_all, write_all};
use super::{Ends, Made, Patience, Side};

/// Creates two connected sockets.
pub(super) fn make(variant: &str, size: usize) -> Result<Made> {
    let (ping, pong) = match variant {
        "tcp" => connect()?,
        "unix-seqpacket" => {
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
            (ping, pong)
        }
        _ => pair(SockType::Stream)?,
    };
    let ends = |socket| Ends { descriptors: vec![socket], number: 0 };
    Ok(Made { ping: ends(ping), pong: ends(pong), ownership: None })
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

fn socket(ends: Ends) -> Result<OwnedFd> {
    ends.descriptors.into_iter().next().ok_or(Error::Corrupt("no descriptor"))
}

fn flags(patience: &Patience) -> MsgFlags {
    let never_waits = if patience.polls() { MsgFlags::MSG_DONTWAIT } else { MsgFlags::empty() };
    MsgFlags::MSG_NOSIGNAL | never_waits
}

/// Returns one side of the exchange over a stream, for which both sides know the length of the messages.
pub(super) fn stream(role: Role, ends: Ends, piece: Option<usize>, patience: Patience) -> Result<Side> {
    let (owned, flags, piece) = (socket(ends)?, flags(&patience), piece.unwrap_or(usize::MAX));
    Ok(Box::new(move |order| {
        let fd = owned.as_raw_fd();
        play(
            role,
            order,
            |message| write_all(message.text(), piece, |bytes| patience.until(|| send(fd, bytes, flags))),
            |message| read_all(message.text_mut(), |buffer| patience.until(|| recv(fd, buffer, flags))),
        )
    }))
}

/// Returns one side of the exchange in packets: one call, one message.
pub(super) fn packets(role: Role, ends: Ends, patience: Patience) -> Result<Side> {
    let (owned, flags) = (socket(ends)?, flags(&patience));
    Ok(Box::new(move |order| {
        let (fd, size) = (owned.as_raw_fd(), order.size);
        let whole = |len| if len == size { Ok(()) } else { Err(Errno::EPIPE) };
        play(
            role,
            order,
            |message| patience.until(|| send(fd, message.text(), flags)).and_then(whole),
            |message| patience.until(|| recv(fd, message.text_mut(), flags)).and_then(whole),
        )
    }))
}
