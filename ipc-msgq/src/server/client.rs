//! The client side of a server.

use std::time::{Duration, Instant};

use ipc_core::process::{PeerProcess, ProcessId};
use ipc_core::{Error, Result};

use super::queues::PER_QUEUE;
use super::waiter::Waiter;
use super::wire::{DEEPEST, HEADER, JOIN, Join, LEAVE, REQUEST, Refusal, Types, Welcome, fresh_type};
use crate::wake_timer::PeriodicWakeUp;
use crate::{Message, MessageType, Queue, Stat};

/// The longest time that the leave message waits for room. If it gets none, the server notices when this process ends.
const LEAVE_WAITS: Duration = Duration::from_secs(1);

/// A client of a [`Server`](super::Server). Dropping it leaves the server.
///
/// See [there](super) for an example, and for the reason why a client has only one request under way unless it is
/// [pipelined](Self::pipelined).
#[derive(Debug)]
pub struct Client {
    /// The queue of the server's address.
    meeting: Queue,
    /// The queue that the welcome named.
    queue: Queue,
    session: u64,
    types: Types,
    server: PeerProcess,
    timeout: Duration,
    wake_up: PeriodicWakeUp,
    longest: usize,
    /// The most requests under way.
    depth: usize,
    /// The requests whose answers are still to come.
    under_way: usize,
    /// The last message from the server.
    received: Message,
    /// The server will not answer this client again.
    rejected: bool,
}

impl Client {
    /// Joins the server at the queue `meeting`, and waits for it, and later for each answer, no longer than `timeout`.
    ///
    /// If the time runs out first and a server starts later, that server keeps a slot for this client until this
    /// process ends.
    ///
    /// # Errors
    /// [`Error::TimedOut`]: no server answers. [`Error::Disconnected`]: the server is stopping, or lacked room while
    /// this client did not take its welcome. [`Error::Refused`]: the server has no slot left, or no queue for one; or
    /// it is in another pid namespace, where neither side would notice the end of the other. [`Error::Corrupt`]: the
    /// answer is not a server's. `EINVAL`, `EIDRM`, `EACCES`: the queue does not exist (any more), or this user has no permission.
    pub fn join(meeting: Queue, timeout: Duration) -> Result<Self> {
        Self::pipelined(meeting, 1, timeout)
    }

    /// Joins the server in the same way, to have up to `depth` requests under way, 64 at most: see
    /// [`send_request`](Self::send_request). It gets a queue of its own. The requests of all such clients are handled at
    /// the same time, those of one client in the order in which they were sent.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ipc_msgq::Queue;
    /// # use ipc_msgq::server::{Client, Server};
    /// # let queue = Queue::private(0o600)?.owned();
    /// # let _server = Server::start(*queue, |request: &[u8]| request.to_ascii_uppercase())?;
    /// let mut client = Client::pipelined(*queue, 2, Duration::from_secs(10))?;
    /// assert!(client.send_request(b"one")?);
    /// assert!(client.send_request(b"two")?);
    /// assert!(!client.send_request(b"three")?, "it was not sent: two are under way");
    /// assert_eq!(client.receive_answer()?, b"ONE");
    /// assert_eq!(client.receive_answer()?, b"TWO");
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`join`](Self::join).
    pub fn pipelined(meeting: Queue, depth: usize, timeout: Duration) -> Result<Self> {
        let welcome = fresh_type();
        let depth = depth.clamp(1, DEEPEST);
        let join = Join { welcome, depth: depth as u8, client: ProcessId::current()? };
        let waiter = Waiter::new(meeting, JOIN, timeout, &|| false); // the server is not known yet
        waiter.send(&Message::new(JOIN, &join.encode()))?;
        let mut answer = Message::truncating(64);
        waiter.recv(welcome, &mut answer, None)?;
        match *answer.text() {
            [] => return Err(Error::Disconnected),
            [code] => {
                let refusal = Refusal::decode(code).ok_or(Error::Corrupt(INVALID_WELCOME))?;
                return Err(Error::Refused(refusal.reason().into()));
            }
            _ => {}
        }
        let Welcome { session, slot, queue, server } =
            Welcome::decode(answer.text()).ok_or(Error::Corrupt(INVALID_WELCOME))?;
        let seen = unless_removed([meeting, queue], queue.stat())?;
        if slot as usize >= PER_QUEUE || (queue != meeting && !may_have_made(&meeting.stat()?, &seen)) {
            return Err(Error::Corrupt(INVALID_WELCOME));
        }
        let longest = unless_removed([meeting, queue], longest_request(queue))?;
        Ok(Self {
            meeting,
            queue,
            session,
            types: Types::of(slot),
            server: PeerProcess::watch(server)?,
            wake_up: PeriodicWakeUp::start(server)?,
            timeout,
            longest,
            depth,
            under_way: 0,
            received: Message::with_capacity(longest + HEADER),
            rejected: false,
        })
    }

    /// Sends a request and waits for the answer. If requests are under way, it first waits for their answers, and
    /// discards them.
    ///
    /// # Errors
    /// [`Error::TooLarge`]: longer than [`longest_request`]. [`Error::TimedOut`]: the answer has not come yet, and its
    /// request is still under way. [`Error::Disconnected`]: the server has stopped, was killed, or no
    /// longer answers this client; or this client's queue, if that is not the one of the server's address, was removed.
    /// `EINVAL`, `EIDRM`: that one was removed.
    pub fn request(&mut self, text: &[u8]) -> Result<Vec<u8>> {
        self.check_length(text)?;
        while self.under_way > 0 {
            self.receive_answer()?;
        }
        self.send_request(text)?;
        self.receive_answer()
    }

    /// Sends a request, whose answer [`receive_answer`](Self::receive_answer) returns. Returns false if it was not sent,
    /// since an answer must be received first: as many requests are under way as there may be, or the queue is full of
    /// them. So a client sleeps for room only while nothing of its own takes room.
    ///
    /// # Errors
    /// As [`request`](Self::request). [`Error::TimedOut`]: there was no room.
    pub fn send_request(&mut self, text: &[u8]) -> Result<bool> {
        self.check_length(text)?;
        if self.under_way >= self.depth {
            return Ok(false);
        }
        let request = [&[REQUEST][..], &self.session.to_ne_bytes(), text].concat();
        let request = Message::new(self.types.inbound, &request);
        let sent = if self.under_way > 0 {
            self.queue.try_send(&request).map(|sent| sent.is_some())
        } else {
            let is_server_gone = || !self.server.is_alive();
            let waiter = Waiter::new(self.queue, self.types.inbound, self.timeout, &is_server_gone);
            waiter.send(&request).map(|()| true)
        };
        let sent = unless_removed([self.meeting, self.queue], sent)?;
        self.under_way += usize::from(sent);
        Ok(sent)
    }

    const fn check_length(&self, text: &[u8]) -> Result<()> {
        let (len, max) = (text.len(), self.longest);
        if len > max { Err(Error::TooLarge { len, max }) } else { Ok(()) }
    }

    /// Returns this client's two types: the one it sends and the one it receives.
    #[must_use]
    pub const fn types(&self) -> [MessageType; 2] {
        [self.types.inbound, self.types.outbound]
    }

    /// Returns the queue of this client, which it shares with some others unless it is [pipelined](Self::pipelined).
    #[must_use]
    pub const fn queue(&self) -> Queue {
        self.queue
    }

    /// Waits for the answer to the oldest request under way.
    ///
    /// # Errors
    /// As [`request`](Self::request). [`Error::Usage`]: no request is under way.
    pub fn receive_answer(&mut self) -> Result<Vec<u8>> {
        if self.rejected {
            return Err(Error::Disconnected);
        }
        if self.under_way == 0 {
            return Err(Error::Usage("no request is under way: there is no answer to receive".into()));
        }
        let answer = &mut self.received;
        let is_server_gone = || !self.server.is_alive();
        let waiter = Waiter::new(self.queue, self.types.inbound, self.timeout, &is_server_gone);
        loop {
            let received = waiter.recv(self.types.outbound, answer, Some(&mut self.wake_up));
            unless_removed([self.meeting, self.queue], received)?;
            if answer.text().is_empty() {
                self.rejected = true;
                return Err(Error::Disconnected);
            }
            // An answer with another session is for an earlier client in this slot.
            if let Some(text) = answer.text().strip_prefix(&self.session.to_ne_bytes()) {
                self.under_way -= 1;
                return Ok(text.to_vec());
            }
        }
    }

    /// Tells the server, within [`LEAVE_WAITS`]. Answers that were not taken make room for that.
    fn leave(&mut self) -> Result<()> {
        let leave = [&[LEAVE][..], &self.session.to_ne_bytes()].concat();
        let leave = Message::new(self.types.inbound, &leave);
        let deadline = Instant::now() + LEAVE_WAITS;
        while self.depth > 1 && self.under_way > 0 {
            if self.queue.try_send(&leave)?.is_some()
                || self.queue.recv_until(self.types.outbound, &mut self.received, deadline)?.is_none()
            {
                return Ok(());
            }
            self.under_way -= 1;
        }
        self.queue.send_until(&leave, deadline).map(drop)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.server.is_alive() {
            let _ = self.leave(); // the queue may be gone
        }
    }
}

/// Returns `Disconnected` where the cause is that the server has stopped, and so has removed its queues.
fn unless_removed<T>([meeting, queue]: [Queue; 2], done: Result<T>) -> Result<T> {
    done.map_err(|error| if queue != meeting && queue.is_gone() { Error::Disconnected } else { error })
}

/// Returns whether the server at the queue `known` may have made the queue `made`: a queue's creator cannot be changed, so
/// that of any other user does not pass for one.
fn may_have_made(known: &Stat, made: &Stat) -> bool {
    const ROOT: u32 = 0;
    [known.creator, known.owner, ROOT].contains(&made.creator)
}

/// Returns the longest request that fits `queue`, in bytes.
///
/// # Errors
/// As [`Queue::stat`].
pub fn longest_request(queue: Queue) -> Result<usize> {
    Ok(queue.longest_text()?.saturating_sub(HEADER))
}

const INVALID_WELCOME: &str = "an invalid welcome from the server";
