//! # Sockets: the same two calls for the process next door and for the other side of the world
//!
//! A socket is a descriptor that one can read *and* write: one of it carries both ways, where a pipe takes two. What
//! is written on one side waits in a buffer of the kernel until the other side reads it; with TCP, in one kernel
//! here and in another there.
//!
//! ```text
//!   owner (pong)                                         the one who joins (ping)
//!     socket, bind, listen   ◄─── the address ───        socket
//!     accept                 ◄────────────────────       connect
//!     recv ◄──┐                                      ┌──── send
//!             ├── [ send and receive buffers ] ──────┤
//!     send ───┘                                      └───► recv
//! ```
//!
//! Three variants, which differ in the address and in what one read gives:
//!
//! | variant | address | boundaries | who can come |
//! |---|---|---|---|
//! | `unix-stream` | a path | lost: framed here, as for a pipe | this host, this user |
//! | `unix-seqpacket` | a path | kept by the kernel | this host, this user |
//! | `tcp` | `HOST:PORT` | lost: framed here | **whoever reaches the port** |
//!
//! A peer whose host dies or is unplugged says nothing. TCP asks then (keepalive), and gives up after [`TCP_SILENCE`]
//! without any answer, be it that we wait for a message or that ours are not acknowledged: an error of the system that
//! says so, and not that the peer is gone.
//!
//! TCP knows nobody's user, so a TCP owner listens on loopback unless an address is named, and on all addresses of
//! the host only if it is told so (`0.0.0.0:PORT`). The greeting tells a wrong program from the right one; it is no
//! password, and nothing here is encrypted.
//!
//! **Use it** whenever the two may ever run on different hosts; between unrelated processes that come and go; where
//! one server has many clients, each with a connection of its own; to wait for many things at once with `poll`.
//! **Do not use it** for the last microsecond on one host (shared memory), or where a shell script is the other side
//! (a FIFO).
//!
//! **System calls**: `socket`, `bind`, `listen`, `accept4` for the owner; `socket`, `connect` for the other side;
//! then for each message one `send` and one `recv`, length or kind together with the payload, or `sendmsg` and
//! `recvmsg` for one of more than 4 KiB; a long one over a stream takes several.
//! `MSG_DONTWAIT` makes a single call not wait, `MSG_NOSIGNAL` makes a lost peer an error instead of a signal.
//!
//! **Pitfalls**, each shown by a test in `tests/behaviour.rs`: a stream loses boundaries; a TCP socket that is closed
//! with something unread throws away what it has sent; small TCP packets wait for each other (Nagle) unless
//! `TCP_NODELAY` is set; an empty packet looks like the end; a path outlives its listener, and has at most 107
//! bytes.
//!
//! **Limits** of this crate. A TCP link that is dropped waits up to a second for the other side to take everything; a
//! reader who stalls for longer, while we leave with something of its own unread, may lose the end of what we sent.
//!
//! Read on in `address.rs` (how to listen and to connect), `greeting.rs` (who is let in), `link.rs` (a connected
//! end), `stream.rs` (bytes, and how to close), `packet.rs` (packets).

mod address;
mod greeting;
mod link;
mod packet;
mod stream;
mod sys;

use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

use ipc_core::lease::{self, Lease};
use ipc_core::{
    Advise, Between, Call, Clients, Deadline, Direction, Error, Mechanism, Medium, Persistence, Profile,
    Reach, Result, Setup, Shared, Unit, Variant,
};
use nix::errno::Errno;
use nix::sys::socket::SockType;

use greeting::{Listener, Reception};
pub use link::{Link, TCP_SILENCE};
pub use packet::{MAX_PACKET, Packets};
pub use stream::Connection;

const UNIX_STREAM: &str = "unix-stream";
const UNIX_SEQPACKET: &str = "unix-seqpacket";
const TCP: &str = "tcp";

/// Where a TCP owner listens if none is named: this host alone, any port.
const LOOPBACK: &str = "127.0.0.1:0";

/// How often a side that joins tries again while nobody listens.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A socket that listens, waiting for the other side. See the [crate](self).
#[derive(Debug)]
pub struct Socket {
    variant: &'static str,
    address: String,
    /// Until `accept` is done; dropping it closes the door.
    reception: Option<Reception>,
    /// Keeps the path of a UNIX socket.
    lease: Option<Lease>,
}

impl Mechanism for Socket {
    const PROFILE: Profile = Profile {
        name: "socket",
        title: "socket",
        variants: &[
            Variant {
                name: UNIX_STREAM,
                summary: "a stream between processes of this host",
                unit: Unit::ByteStream,
                reach: Reach::SameHost,
                persistence: Persistence::Process,
                remains: true,
                clients: Clients::Many,
                shares: &[Shared::Directory],
            },
            Variant {
                name: UNIX_SEQPACKET,
                summary: "packets between processes of this host",
                unit: Unit::WholeStruct,
                reach: Reach::SameHost,
                persistence: Persistence::Process,
                remains: true,
                clients: Clients::Many,
                shares: &[Shared::Directory],
            },
            Variant {
                name: TCP,
                summary: "a stream between any two hosts",
                unit: Unit::ByteStream,
                reach: Reach::SameHostAndBeyond,
                persistence: Persistence::Process,
                remains: false,
                clients: Clients::Many,
                shares: &[Shared::Network],
            },
        ],
        between: Between::AnyTwoHosts,
        medium: Medium::Socket,
        unit: Unit::ByteStream,
        direction: Direction::TwoWay,
        reach: Reach::SameHostAndBeyond,
        address: Some("PATH|HOST:PORT"),
    };

    type Link = Link;

    // ANCHOR: create
    fn create(address: Option<&str>, setup: &Setup) -> Result<Self> {
        if setup.variant == TCP {
            lease::sweep::<Self>()?; // it needs no lease of its own, but removes the remains of others like any create
            let listener = address::listen_at_port(address.unwrap_or(LOOPBACK))?;
            let address = listener.local_addr().call("getsockname")?.to_string();
            let reception = Reception::new(Listener::Tcp(listener), true)?;
            return Ok(Self { variant: TCP, address, reception: Some(reception), lease: None });
        }
        let lease = Lease::take::<Self>(None)?;
        let path = address::path(address, &lease)?;
        let to_be_noted = address.map(|_| &lease); // a fresh path goes with the lease's directory anyway
        let listener = address::listen_at_path(&path, kind(setup), setup, to_be_noted)?;
        Ok(Self {
            variant: setup.variant,
            address: path.display().to_string(),
            reception: Some(Reception::new(listener, is_for_all(setup))?),
            lease: Some(lease),
        })
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
        let open =
            if self.variant == TCP { ", open to every user and program that reaches the port" } else { "" };
        format!("listening {} socket at {}{open}{elsewhere}", self.variant, self.address)
    }

    // ANCHOR: accept
    /// Strangers who do not say hello are shown out, and the waiting goes on.
    fn accept(&mut self, timeout: Duration) -> Result<Link> {
        let over = || Error::Usage("this meeting is over".into());
        let Some(socket) = self.reception.as_mut().ok_or_else(over)?.welcome(timeout)? else {
            return Err(Error::TimedOut { what: format!("nobody joined {}", self.address), waited: timeout });
        };
        self.reception = None; // whoever else comes is refused from now on
        Link::new(socket, self.variant, self.lease.take())
    }
    // ANCHOR_END: accept

    // ANCHOR: join
    /// A socket cannot be joined before its owner listens: the kernel refuses at once, and this side tries again.
    fn join(address: &str, setup: &Setup, timeout: Duration) -> Result<Link> {
        let deadline = Deadline::after(timeout);
        let nobody =
            || format!("nobody listens at {address}: start `{}` first", pong_command(address, setup));
        // Each step waits for what is left; the caller is told of the time that it has set.
        let of_all = |error| match error {
            Error::TimedOut { what, .. } => Error::TimedOut { what, waited: timeout },
            error => error,
        };
        let socket = loop {
            let left = deadline.left(timeout);
            let connected = match setup.variant {
                TCP => address::connect_to_port(address, left).map(OwnedFd::from),
                _ => address::connect_to_path(&address::named_path(address)?, kind(setup), left),
            };
            match connected {
                Err(error) if matches!(error.errno(), Some(Errno::ECONNREFUSED | Errno::ENOENT)) => {
                    if deadline.has_passed() {
                        return Err(Error::TimedOut { what: nobody(), waited: timeout });
                    }
                    thread::sleep(deadline.left(LOOK_EVERY));
                }
                connected => break connected.map_err(of_all)?,
            }
        };
        if setup.variant != TCP && !is_for_all(setup) && !greeting::belongs_to_us(&socket)? {
            return Err(Errno::EACCES).call("connect").advise(Errno::EACCES, || {
                format!("the program that listens at {address} is another user's")
            });
        }
        greeting::say_hello(&socket, address, deadline.left(timeout)).map_err(of_all)?;
        Link::new(socket, setup.variant, None)
    }
    // ANCHOR_END: join
}

fn kind(setup: &Setup) -> SockType {
    if setup.variant == UNIX_SEQPACKET { SockType::SeqPacket } else { SockType::Stream }
}

/// Whether the caller has opened the door to other users.
const fn is_for_all(setup: &Setup) -> bool {
    setup.mode & 0o077 != 0
}

fn pong_command(address: &str, setup: &Setup) -> String {
    match setup.variant {
        UNIX_STREAM => format!("ipc-socket pong {address}"),
        variant => format!("ipc-socket pong {address} --variant {variant}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_permission_of_others_opens_the_door() {
        let with = |mode| is_for_all(&Setup { mode, ..Setup::default_of::<Socket>() });
        assert_eq!([0o600, 0o700, 0o4600].map(with), [false; 3]);
        assert_eq!([0o620, 0o602, 0o640, 0o604, 0o666].map(with), [true; 5]);
    }
}
