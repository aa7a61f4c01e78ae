//! A server and its clients, all on one queue.
//!
//! ```
//! # use std::time::Duration;
//! # use ipc_msgq::Queue;
//! # use ipc_msgq::server::{Client, Server};
//! let queue = Queue::private(0o600)?.owned();
//! let server = Server::start(*queue, |request: &[u8]| request.to_ascii_uppercase())?;
//!
//! // Usually in another process:
//! let mut client = Client::join(*queue, Duration::from_secs(10))?;
//! assert_eq!(client.request(b"hello")?, b"HELLO");
//! drop(client); // leaves
//! server.stop();
//! # Ok::<(), ipc_core::Error>(())
//! ```
//!
//! A client asks to join with a message type that all clients know, and says which process it is. The server's *accept
//! loop* gives it a *slot*: two types, one for each direction, and a server thread that receives its messages. So no
//! client can take another's answer, and a slow request does not delay other clients.
//!
//! ```text
//!   client              the queue             server
//!     join ──────────► [ 1 ]      ──────────► accept loop
//!          ◄────────── [ random ] ◄────────── thread of slot 0: "session 815, slot 0"
//!  request ──────────► [ 2 ]      ──────────► thread of slot 0
//!          ◄────────── [ 3 ]      ◄────────── thread of slot 0
//! ```
//!
//! **A client that is killed** cannot say so, and the kernel gives no notice. One thread of the server, the *reaper*,
//! sleeps in one `poll(2)` for all the processes that have clients (pidfds). The messages that a dead client left in
//! the queue are discarded.
//!
//! **A slot is used again**, a session never: its number is in each message. A late message from the slot's previous
//! client is not taken for one of the present client, and the present client ignores a late answer to the previous one.
//!
//! **Both directions share the capacity of the queue.** Suppose a server sleeps in `msgsnd` because the queue is full
//! of requests. Only the server takes those, so server and clients would sleep indefinitely. (One of the tests shows
//! it.) Here:
//!
//! 1. A client has at most one message in the queue: its request, until its thread takes it, or the answer, until the
//!    client takes that. A client with a message under way waits to receive, not to send. So for each message that
//!    takes room there is a thread about to receive it, and each thread that sleeps in `msgsnd` gets its turn.
//! 2. Nothing forces a client to obey this rule. So a thread that waits to send its answer regularly checks for
//!    messages from its client, which should have sent none, and takes them out. Before each answer, it also checks
//!    that the last one was taken. A client that has two under way is *rejected*: it is told so, and from then on
//!    its thread only discards what it sends, until it leaves or ends.
//! 3. A client that is stopped takes neither its answer nor its welcome. When room is lacking and such a message has
//!    been in the queue for a second, it is taken back, and its client is rejected (`back_pressure.rs`).
//!
//! One problem remains: a process that may send to the queue can fill it with messages of types that no process
//! receives. The kernel offers no protection between processes of the same user.
//!
//! # A reading plan
//!
//! | part, file | minutes | what it is |
//! |---|---|---|
//! | **1. The page and the messages** | **13** | |
//! | `server.rs` | 10 | this page; [`Server`], [`Handler`], [`Event`]; the accept loop |
//! | `server/wire.rs` | 4 | the format of the messages |
//! | **2. The clients** | **11** | |
//! | `server/client.rs` | 5 | [`Client`] |
//! | `server/state.rs` | 5 | the slots of the clients |
//! | `server/reaper.rs` | 1 | the thread that learns which clients were killed |
//! | **3. A session** | **8** | |
//! | `server/session.rs` | 5 | the thread of one client |
//! | `server/back_pressure.rs` | 2 | reclaiming room from answers that their clients do not take |

mod back_pressure;
mod client;
mod reaper;
mod session;
mod state;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use ipc_core::process::ProcessId;
use ipc_core::{Call, Result};

pub use client::{Client, longest_request};
use session::Session;
use state::ServerState;
use wire::{JOIN, Join, Welcome};

use crate::{Message, Queue};

/// The server's response to requests. Implemented for functions from a request to its answer.
pub trait Handler: Send + Sync + 'static {
    /// Returns the answer to `request`. Called by many threads at once. A call that panics, or whose answer is longer
    /// than a message can be, ends the session of that client.
    fn answer(&self, request: &[u8]) -> Vec<u8>;

    /// Called for each event. Does nothing by default.
    fn notice(&self, event: Event) {
        let _ = event;
    }
}

impl<F: Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static> Handler for F {
    fn answer(&self, request: &[u8]) -> Vec<u8> {
        self(request)
    }
}

/// An event reported to a [`Handler`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A client has joined.
    Joined(ProcessId),
    /// It has left, or was connected when the server stopped.
    Left(ProcessId),
    /// Its process has ended without leaving.
    Killed(ProcessId),
    /// It gets no more answers: it had more than one request under way, or there was no answer, or it did not take its
    /// answer while other clients lacked room. `Left` or `Killed` follows.
    Rejected(ProcessId),
    /// A message with the type of a request to join is not one.
    Garbage {
        /// Its length.
        bytes: usize,
    },
}

/// Serves many clients on one queue. Dropping it stops it. The queue stays.
#[must_use = "it stops as soon as it is dropped"]
pub struct Server {
    state: Arc<ServerState>,
    accept_loop: Option<JoinHandle<Result<()>>>,
    reaper: Option<JoinHandle<()>>,
}

/// The size of a thread's stack: most of it is for the handler. It takes memory only as it is used.
const STACK: usize = 512 << 10;

impl Server {
    /// Starts to serve on `queue`. No other server should use the queue.
    ///
    /// # Errors
    /// As [`Queue::stat`]. `EMFILE` from `eventfd`, `EAGAIN` from `clone`: this process has no descriptor or no thread
    /// left.
    pub fn start(queue: Queue, handler: impl Handler) -> Result<Self> {
        let state = Arc::new(ServerState::new(queue, Box::new(handler))?);
        let mut server = Self { state, accept_loop: None, reaper: None };
        server.reaper = Some(server.spawn("msgq-reaper", |state| reaper::run(state))?);
        server.accept_loop = Some(server.spawn("msgq-accept", accept_loop)?);
        Ok(server)
    }

    fn spawn<T: Send + 'static>(
        &self,
        name: &str,
        run: impl FnOnce(&Arc<ServerState>) -> T + Send + 'static,
    ) -> Result<JoinHandle<T>> {
        let state = Arc::clone(&self.state);
        thread::Builder::new().name(name.into()).spawn(move || run(&state)).call("clone")
    }

    /// Returns the number of clients.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.state.clients()
    }

    /// Ends all sessions, and waits until the requests under way are answered. The clients are told.
    pub fn stop(self) {
        drop(self);
    }

    /// Goes on serving until the queue is removed.
    ///
    /// # Errors
    /// The removal (`EIDRM`, `EINVAL`), or another error that made the queue unusable.
    pub fn wait(mut self) -> Result<()> {
        self.accept_loop.take().map_or(Ok(()), |thread| thread.join().unwrap_or(Ok(())))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.stopping.cancel();
        let _ = self.state.wake_reaper.write(1);
        // In this order: once the accept loop has ended, no client gets a slot after all have been told to leave.
        let _ = self.accept_loop.take().map(JoinHandle::join);
        self.state.end_sessions();
        let _ = self.reaper.take().map(JoinHandle::join);
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("queue", &self.state.queue).finish_non_exhaustive()
    }
}

/// Accepts clients until the server stops. Never waits for room, and so never for a client: the welcome is the first
/// message that a client's own thread sends.
fn accept_loop(state: &Arc<ServerState>) -> Result<()> {
    let mut message = Message::truncating(state.longest);
    while state.queue.recv_until(JOIN, &mut message, &state.stopping)?.is_some() {
        if message.text().is_empty() {
            state.reclaim_room(); // a client lacks room
            continue;
        }
        match Join::decode(message.text()) {
            Some(join) => accept(state, join)?,
            None => state.notify(Event::Garbage { bytes: message.text().len() }),
        }
    }
    Ok(())
}

/// Gives the client a slot and a thread, if there are any left.
fn accept(state: &Arc<ServerState>, join: Join) -> Result<()> {
    let me = ProcessId::current()?;
    if join.client.namespaces != me.namespaces {
        // The server could not notice the client's end. The client is told which server this is, and finds the reason
        // in that.
        let nowhere = Welcome { session: 0, slot: 0, server: me };
        let told = state.queue.try_send(&Message::new(join.welcome, &nowhere.encode()))?;
        return told.map_or_else(|| state.reject(join.welcome), Ok);
    }
    let Ok(Some(slot)) = state.take_slot(join) else {
        return state.reject(join.welcome);
    };
    let (its_state, its_slot) = (Arc::clone(state), slot.clone());
    let run = move || Session::new(&its_state, its_slot).run();
    if thread::Builder::new().name("msgq-client".into()).stack_size(STACK).spawn(run).is_err() {
        state.free(&slot);
        return state.reject(join.welcome);
    }
    Ok(())
}
