//! # The queue beyond one machine: NATS JetStream
//!
//! A System V queue is in the kernel of one machine. When sender and receiver are on two, the queue has to be in a third
//! place that both reach: a *broker*, a server whose trade is to keep messages. This crate puts the suite's queue on one
//! that exists, NATS with JetStream, so that the same exchange runs over it, and the same contract can be checked.
//!
//! ```
//! use std::{env, process::Command, time::Duration};
//!
//! use ipc_core::{Mechanism, Receiver, Sender, Setup};
//! use ipc_nats::{Memory, Nats};
//!
//! const TIMEOUT: Duration = Duration::from_secs(10);
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     if let Some(address) = env::args().nth(1) {
//!         // The child: this program, started again below. It could be on another host.
//!         let mut link = Nats::<Memory>::join(&address, &Setup::default(), TIMEOUT)?;
//!         link.send(b"20.5 degrees")?;
//!         return Ok(());
//!     }
//! #   if !testserver::is_there() {
//! #       return Ok(());
//! #   }
//! #   let server = testserver::Server::start()?;
//! #   ipc_nats::ServerOptions::of(server.url()).choose();
//!     let mut meeting = Nats::<Memory>::create(None, &Setup::default())?; // needs `nats-server -a 127.0.0.1 -js`
//!     let mut child = Command::new(env::current_exe()?);
//!     meeting.invite(&mut child)?;
//!     let mut child = child.spawn()?;
//!     let mut link = meeting.accept(TIMEOUT)?;
//!     let mut buffer = [0; 100];
//!     let len = link.recv(&mut buffer)?;
//!     assert_eq!(&buffer[..len], b"20.5 degrees");
//!     child.wait()?;
//!     Ok(())
//! }
//! ```
//!
//! The server has a *stream* for each direction. A publisher adds a message under a *subject*, a name with dots. A
//! *consumer* is the server's note of how far a reader has got. These streams are *work queues*: a message that its reader
//! has *acknowledged* is gone, as one that `msgrcv(2)` took.
//!
//! ```text
//!   owner (pong)              nats-server                      joiner (ping)
//!     publish ─────────► stream ipc-NAME-owner  [ 1 2 3 ] ──────► pull
//!             ◄── acknowledged                            acknowledge ──►
//!     pull    ◄────────── stream ipc-NAME-joiner [ 1 ]    ◄────── publish
//!
//!     "are you there?" ──► subject ipc-presence.NAME.joiner ──► "sends, receives"
//!                      ◄── "no responders", by the server: no such process any more
//! ```
//!
//! # What differs from a queue in the kernel
//!
//! - **Sent** means that the server has acknowledged: `msgsnd(2)` either puts the message into the queue or fails, but a
//!   message on a wire may be lost, or only its acknowledgement. [`send`](ipc_core::Sender::send) waits for the
//!   acknowledgement, a round trip each; `feed` keeps up to 256 under way. See `outbox.rs`.
//! - **Acknowledged** is not yet *on the disk*. [`Memory`] is lost with the server. [`File`] survives its death, since the
//!   kernel has the pages; a power cut takes what was not yet written by fsync, which by default the server calls every two
//!   minutes.
//! - **A full queue** does not block the publisher: the server refuses the message. Trying again is left to the client,
//!   and so is the order of the others under way.
//! - **A message may come twice**, if its acknowledgement was lost. Here its number tells. A program that uses a stream
//!   by itself must be able to bear it: *at least once* is all that a broker promises.
//! - **A dead peer**: no kernel sees both processes. The server sees each connection, and says so when it is asked: a peer
//!   that was killed is noticed after a fifth of a second. A host that lost its power, or its network, closes no connection:
//!   the peer counts as gone after [30 seconds](SILENCE) without an answer.
//! - **What is left behind** is not on this host alone. The ownership lock removes what dead processes of this host left;
//!   `ipc-nats clean` what those of any host did. The server discards messages after [a day](MAX_AGE).
//!
//! # When to use it, and when not
//!
//! Use a broker when the two sides are on several hosts, come and go, or need the messages to survive them; when several
//! receivers share the work. Do not use one between two processes of a machine that could share a socket: a round trip takes
//! five times as long as over TCP where both sides sleep, and thirty times where they poll; there is a server to run, to
//! secure and to watch; and for each message something crosses the loopback interface four times. Do not use one for a
//! request that wants its answer now: a stream keeps it even when the answer is of no more use. `ipc-nats
//! serve` shows the other half of NATS, requests without a stream.
//!
//! Always start a server with `-a 127.0.0.1` unless other hosts are to reach it: by default it listens on all addresses,
//! and asks for no password.
//!
//! # Files, in reading order
//!
//! | file | minutes | what it is |
//! |---|---|---|
//! | `names.rs` | 3 | streams, subjects, and the address where the sides meet |
//! | `options.rs` | 3 | [`ServerOptions`]: which server, and who this is |
//! | `connection.rs` | 4 | [`Connection`]: the asynchronous client for code that is not; why there is none |
//! | `streams.rs` | 3 | making and removing the streams |
//! | `mechanism.rs` | 4 | [`Nats`]: how the sides meet |
//! | `link.rs` | 2 | [`Link`]: the tasks beside the caller, and the end |
//! | `link/sender.rs`, `link/receiver.rs` | 4 | its two halves |
//! | `state.rs` | 3 | what halves and tasks share |
//! | `outbox.rs` | 4 | publishing: the window, refusals, lost acknowledgements |
//! | `inbox.rs` | 3 | receiving: ready messages, and what comes twice |
//! | `presence.rs` | 4 | whether the peer is there |
//! | `inventory.rs` | 2 | [`list`] and [`clean`] |
//!
//! The program is in `bin/ipc-nats/`.

mod connection;
mod inbox;
mod inventory;
mod link;
mod mechanism;
mod names;
mod options;
mod outbox;
mod presence;
mod state;
mod streams;

pub use connection::{BACKLOG, Connection, ServerIdentity, TIMEOUT};
pub use inventory::{Listed, clean, list};
pub use link::{Link, LinkReceiver, LinkSender};
pub use mechanism::{File, Memory, Nats, Storage, Variants};
pub use names::{Address, LinkName, Side};
pub use options::{DEFAULT_URL, ServerOptions};
pub use presence::SILENCE;
pub use streams::{MARK, MAX_AGE, ROOM, is_missing};
