//! A server and many clients, on as many queues as they need.
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
//! loop* gives it a *slot*: a queue, two types there, one for each direction, and a server thread that receives its
//! messages. So no client can take another's answer, and a slow request does not delay other clients.
//!
//! ```text
//!   client              the queue they know        server
//!     join ──────────► [ 1 ]      ───────────────► accept loop
//!          ◄────────── [ random ] ◄─────────────── thread of slot 40: "session 815, queue 7, slot 8 there"
//!                       queue 7
//!  request ──────────► [ 18 ]     ───────────────► thread of slot 40
//!          ◄────────── [ 19 ]     ◄─────────────── thread of slot 40
//! ```
//!
//! **Why more than one queue?** Each `msgsnd` walks all threads that sleep at its queue, so with a thousand clients on one
//! queue, a request takes four times as much processor time as with ten. Here the first 32 clients share the queue that
//! all know, the next 32 a second one, and so on. `queues.rs` says how they are made, kept and removed.
//!
//! **A client that is killed** cannot say so, and the kernel gives no notice. One thread of the server, the *reaper*,
//! sleeps in one `poll(2)` for all the processes that have clients (pidfds). The messages that a dead client left in
//! its queue are discarded.
//!
//! **A slot is used again**, a session never: its number is in each message. A late message from the slot's previous
//! client is not taken for one of the present client, and the present client ignores a late answer to the previous one.
//!
//! **A pipelined client** has up to 64 requests under way ([`Client::pipelined`]), for a program that asks on behalf of
//! many. It has a queue of its own. Its thread handles the requests in order, so one type for each direction is enough,
//! and where two threads and two wake-ups were needed for each request, a busy queue needs none.
//!
//! **Both directions share the capacity of a queue.** Suppose a server sleeps in `msgsnd` because the queue is full
//! of requests. Only the server takes those, so server and clients would sleep indefinitely. (One of the tests shows
//! it.) Here, for each queue:
//!
//! 1. A client has at most one message in it: its request, until its thread takes it, or the answer, until the
//!    client takes that. A client with a message under way waits to receive, not to send. So for each message that
//!    takes room there is a thread about to receive it, and each thread that sleeps in `msgsnd` gets its turn.
//! 2. Nothing forces a client to obey this rule. So a thread that waits to send its answer regularly checks for
//!    messages from its client, which should have sent none, and takes them out. Before each answer, it also checks
//!    that the last one was taken. A client that has two under way is *rejected*: it is told so, and from then on
//!    its thread only discards what it sends, until it leaves or ends.
//! 3. A client that is stopped takes neither its answer nor its welcome. When room is lacking and such a message has
//!    been in that queue for a second, it is taken back, and its client is rejected (`back_pressure.rs`).
//!
//! In the queue of a pipelined client, a thread that lacks room for an answer takes out the requests, and keeps them: as
//! many as the client announced, and one more means that it is rejected. The client does not sleep for room while a request
//! is under way, but receives. A client that takes no answers stops its own thread, and no other client.
//!
//! Requests to join and welcomes, too, are in the queue that all know: the accept loop takes the former and never waits
//! for room, and the threads that wait for room there for a welcome keep to the same rules.
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
//! | **2. The clients** | **15** | |
//! | `server/client.rs`, `server/waiter.rs` | 5 | [`Client`], and how it waits |
//! | `server/queues.rs` | 4 | the queues that the slots are spread over |
//! | `server/state.rs` | 5 | the slots of the clients |
//! | `server/reaper.rs` | 1 | the thread that learns which clients were killed |
//! | **3. A session** | **8** | |
//! | `server/session.rs` | 5 | the thread of one client |
//! | `server/back_pressure.rs` | 2 | reclaiming room from answers that their clients do not take |

mod back_pressure;
mod client;
mod queues;
mod reaper;
mod session;
mod state;
mod waiter;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use ipc_core::process::ProcessId;
use ipc_core::{Call, Result};

pub use client::{Client, longest_request};
use session::Session;
use state::{ServerState, reject};
use wire::{JOIN, Join, Refusal, Welcome};

use crate::{Message, Queue};

/// The server's response to requests. Implemented for functions from a request to its answer.
pub trait Handler: Send + Sync + 'static {
    /// Returns the answer to `request`. Called by many threads at once. A call that panics, or whose answer is longer
    /// than a message can be, ends the session of that client. When the session is over, because the client has ended or
    /// the server stops, a signal may interrupt a system call that waits (`EINTR`).
    fn answer(&self, request: &[u8]) -> Vec<u8>;

    /// Called for each event. Does nothing by default. A panic is reported by the panic hook, and ends nothing.
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
    /// It has left, or was connected when the server stopped or its queue was removed.
    Left(ProcessId),
    /// Its process has ended without leaving.
    Killed(ProcessId),
    /// It gets no more answers: it had more requests under way than it may, or there was no answer, or it did not take its
    /// answer while other clients lacked room. `Left` or `Killed` follows.
    Rejected(ProcessId),
    /// A process that wanted to join got no slot, for this reason.
    Refused(ProcessId, &'static str),
    /// A message with the type of a request to join is not one.
    Garbage {
        /// Its length.
        bytes: usize,
    },
}

/// Serves many clients. Dropping it stops it. The queue stays; those that the server has made itself are removed.
#[must_use = "it stops as soon as it is dropped"]
pub struct Server {
    state: Arc<ServerState>,
    accept_loop: Option<JoinHandle<Result<()>>>,
    reaper: Option<JoinHandle<()>>,
}

/// The size of a thread's stack: most of it is for the handler. It takes memory only as it is used.
const STACK: usize = 512 << 10;

impl Server {
    /// Starts to serve on `queue`. No other server should use the queue. For every 32 clients more than the first 32,
    /// the server makes a further queue with the same owner, mode and capacity.
    ///
    /// # Errors
    /// As [`Queue::stat`]. `EMFILE` from `eventfd`, `EAGAIN` from `clone`: this process has no descriptor or no thread
    /// left.
    pub fn start(queue: Queue, handler: impl Handler) -> Result<Self> {
        Self::start_with(queue, Queue::crash_safe_maker(), handler)
    }

    /// Starts to serve as [`start`](Self::start) does, with a function that makes the further queues. It gets their
    /// mode, and should record them as [`Queue::create_crash_safe`] does, in the ownership lock of `queue` for example.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(
        queue: Queue,
        make: impl FnMut(u32) -> Result<Queue> + Send + 'static,
        handler: impl Handler,
    ) -> Result<Self> {
        let state = Arc::new(ServerState::new(queue, Box::new(make), Box::new(handler))?);
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

    /// Ends all sessions, and waits until the requests being handled are answered, and for a second at most until clients
    /// have taken their answers from queues that are removed here. The clients are told.
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
        self.state.slots().queues.remove();
        let _ = self.reaper.take().map(JoinHandle::join);
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("queue", &self.state.meeting).finish_non_exhaustive()
    }
}

/// Accepts clients until the server stops. Never waits for room, and so never for a client: the welcome is the first
/// message that a client's own thread sends.
fn accept_loop(state: &Arc<ServerState>) -> Result<()> {
    let mut message = Message::truncating(state.longest);
    while state.meeting.recv_until(JOIN, &mut message, &state.stopping)?.is_some() {
        if message.text().is_empty() {
            state.reclaim_room(state.meeting); // a client lacks room
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
        let nowhere = Welcome { session: 0, slot: 0, queue: state.meeting, server: me };
        return answer_join(state, join, &nowhere.encode());
    }
    let refusal = match state.take_slot(join) {
        Err(refusal) => refusal,
        Ok(slot) => {
            let (its_state, its_slot) = (Arc::clone(state), slot.clone());
            let run = move || Session::new(&its_state, its_slot).run();
            if thread::Builder::new().name("msgq-client".into()).stack_size(STACK).spawn(run).is_ok() {
                return Ok(());
            }
            state.free(&slot);
            Refusal::Threads
        }
    };
    state.notify(Event::Refused(join.client, refusal.reason()));
    answer_join(state, join, &[refusal as u8])
}

/// Tells a client why it gets no slot, or at least, where room is lacking, that it gets none.
fn answer_join(state: &ServerState, join: Join, text: &[u8]) -> Result<()> {
    let told = state.meeting.try_send(&Message::new(join.welcome, text))?;
    told.map_or_else(|| reject(state.meeting, join.welcome), Ok)
}
