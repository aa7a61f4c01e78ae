//! # Sockets: the same two calls for the process next door and for the other side of the world
//!
//! A process sends a struct to the one that listens; here it is a child, which is told the path:
//!
//! ```
//! use std::{env, process::Command, time::Duration};
//!
//! use ipc_socket::{UnixStream, prelude::*};
//! use zerocopy::{FromBytes, Immutable, IntoBytes};
//!
//! #[derive(Debug, PartialEq, FromBytes, Immutable, IntoBytes)]
//! #[repr(C)]
//! struct Reading {
//!     sensor: u32,
//!     celsius: f32,
//! }
//!
//! const TIMEOUT: Duration = Duration::from_secs(10);
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     if let Some(address) = env::args().nth(1) {
//!         // The child: this program, started again below.
//!         let mut link = UnixStream::join(&address, &Setup::default(), TIMEOUT)?;
//!         link.typed().send(&Reading { sensor: 7, celsius: 20.5 })?;
//!         return Ok(());
//!     }
//!     let mut meeting = UnixStream::create(None, &Setup::default())?;
//!     let mut child = Command::new(env::current_exe()?);
//!     meeting.invite(&mut child)?;
//!     let mut child = child.spawn()?;
//!     let mut link = meeting.accept(TIMEOUT)?;
//!     let reading: Reading = link.typed().recv()?;
//!     assert_eq!(reading, Reading { sensor: 7, celsius: 20.5 });
//!     child.wait()?;
//!     Ok(())
//! }
//! ```
//!
//! A socket is a descriptor that can be read *and* written: one socket carries both directions, where pipes take two.
//! Bytes written on one side wait in a buffer of the kernel until the other side reads them; with TCP, in one kernel
//! here and in another there.
//!
//! ```text
//!   owner (pong)                                         the peer that joins (ping)
//!     socket, bind, listen   ◄─── the address ───        socket
//!     accept                 ◄────────────────────       connect
//!     recv ◄──┐                                      ┌──── send
//!             ├── [ send and receive buffers ] ──────┤
//!     send ───┘                                      └───► recv
//! ```
//!
//! Three variants, which differ in the address and in what one read returns:
//!
//! | variant | type | address | boundaries | open to |
//! |---|---|---|---|---|
//! | `unix-stream` | [`UnixStream`] | a path | lost: framed here, as for a pipe | this host, this user |
//! | `unix-seqpacket` | [`UnixSeqpacket`] | a path | kept by the kernel | this host, this user |
//! | `tcp` | [`Tcp`] | `HOST:PORT` | lost: framed here | **any program that reaches the port** |
//!
//! A peer whose host dies or is unplugged says nothing. TCP then probes it (keepalive), and gives up after
//! [`TCP_SILENCE`] without any answer, whether this side waits for a message or its own are not acknowledged. The error
//! then names that reason, instead of saying that the peer is gone.
//!
//! TCP does not know the peer's user, so a TCP owner listens on loopback unless an address is named, and on all
//! addresses of the host only if told to (`0.0.0.0:PORT`). The greeting tells a wrong program from the right one; it is
//! not a password, and nothing here is encrypted.
//!
//! **Use it** whenever the two may ever run on different hosts; between unrelated processes that come and go; where one
//! server has many clients, each with its own connection; to wait for many things at once with `poll`.
//! **Do not use it** for the last microsecond on one host (shared memory), or where a shell script is the other side
//! (a FIFO).
//!
//! **System calls**: `socket`, `bind`, `listen`, `accept4` for the owner; `socket`, `connect` for the other side; then
//! one `send` and one `recv` for each message, with its length or kind in the same call, or `sendmsg` and `recvmsg` for
//! one of more than 4 KiB; a long one over a stream takes several. `MSG_DONTWAIT` makes a single call not wait,
//! `MSG_NOSIGNAL` makes a lost peer an error instead of a signal.
//!
//! **Pitfalls**, each shown by a test in `tests/behaviour/`: a stream loses boundaries; a TCP socket that is closed
//! with unread data discards what it has sent; small TCP packets wait for each other (Nagle) unless `TCP_NODELAY` is
//! set; an empty packet looks like the end; a path outlives its listener, and has at most 107 bytes.
//!
//! **Limits** of this crate. Dropping a TCP link waits up to a second for the other side to take everything; if the
//! peer's reader stalls for longer, and we close with some of the peer's data unread, it may lose the end of what we
//! sent.
//!
//! # In reading order
//!
//! | file | what it shows | minutes |
//! |---|---|---:|
//! | **To meet at a path** | | **12** |
//! | `examples/smallest.rs` | the bare calls; run it with `cargo run -p ipc-socket --example socket_smallest` | 1 |
//! | `src/lib.rs` | this page | 7 |
//! | `src/unix.rs` | two processes at a path | 4 |
//! | **To connect, and to accept** | | **12** |
//! | `src/address.rs` | how to listen and to connect | 6 |
//! | `src/greeting.rs` | which peers are accepted | 6 |
//! | **What goes through** | | **14** |
//! | `src/stream.rs`, `src/sys.rs` | bytes, and how to close | 6 |
//! | `src/packet.rs` | packets, whose boundaries the kernel keeps | 8 |
//! | **Between two hosts** | | **7** |
//! | `src/tcp.rs` | the variant `tcp` | 7 |

mod address;
mod greeting;
mod packet;
mod stream;
mod sys;
mod tcp;
mod unix;

use std::os::fd::OwnedFd;
use std::time::Duration;

use ipc_core::{Between, Deadline, Direction, Medium, Profile, Reach, Unit, poll_for};

#[doc(inline)]
pub use ipc_core::prelude::{self, *};
pub use ipc_core::{Framed, FramedReceiver, FramedSender};
pub use packet::{MAX_PACKET, PacketReceiver, PacketSender, Packets};
pub use stream::{ReadEnd, WriteEnd};
pub use tcp::{TCP_SILENCE, Tcp, TcpLink, TcpReceiver, TcpSender};
pub use unix::{Seqpacket, Stream, Unix, UnixSeqpacket, UnixStream};

/// The variants; the first is the default.
pub type Variants = (UnixStream, UnixSeqpacket, Tcp);

/// The sockets' row of the table.
pub const PROFILE: Profile = Profile {
    name: "socket",
    title: "socket",
    between: Between::AnyTwoHosts,
    medium: Medium::Socket,
    unit: Unit::ByteStream,
    direction: Direction::TwoWay,
    reach: Reach::SameHostAndBeyond,
    address: Some("PATH|HOST:PORT"),
};

// ANCHOR: connect
/// Connects, checks who listens there, and says hello. A socket cannot be joined before its owner listens: the kernel
/// refuses at once, and this side tries again.
fn join(
    address: &str,
    timeout: Duration,
    connect: impl Fn(Duration) -> Result<OwnedFd>,
    check: impl Fn(&OwnedFd) -> Result<()>,
) -> Result<OwnedFd> {
    let deadline = Deadline::after(timeout);
    let no_peer = || format!("no peer is listening at {address}");
    let connected = poll_for(timeout, no_peer, || match connect(deadline.left(timeout)) {
        Err(error) if matches!(error.errno(), Some(Errno::ECONNREFUSED | Errno::ENOENT)) => Ok(None),
        connected => connected.map(Some),
    });
    let joined = connected.and_then(|socket| {
        check(&socket)?;
        greeting::say_hello(&socket, address, deadline.left(timeout))?;
        Ok(socket)
    });
    // Each step waits for what is left of the time; the caller is told of the whole.
    joined.map_err(|error| match error {
        Error::TimedOut { what, .. } => Error::TimedOut { what, waited: timeout },
        error => error,
    })
}
// ANCHOR_END: connect
