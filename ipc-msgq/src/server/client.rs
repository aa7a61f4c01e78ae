//! The client side of a server.

use std::time::Duration;

use ipc_core::process::{PeerProcess, ProcessId};
use ipc_core::{Deadline, Error, Result, last_look};
use nix::errno::Errno;

use super::queues::PER_QUEUE;
use super::wire::{HEADER, JOIN, Join, LEAVE, REQUEST, Refusal, Types, Welcome, fresh_type};
use crate::wake_timer::{PeriodicWakeUp, TICK};
use crate::{Message, MessageType, Queue};

/// The interval at which a waiting client checks that the server is alive.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The longest time that the leave message waits for room. If it gets none, the server notices when this process ends.
const LEAVE_WAITS: Duration = Duration::from_secs(1);

/// A client of a [`Server`](super::Server). Dropping it leaves the server.
///
/// See [there](super) for an example, and for the reason why a client has only one request under way.
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
    /// An answer is still to come, since the last request stopped waiting for it.
    answer_pending: bool,
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
        let welcome = fresh_type();
        let join = Join { welcome, client: ProcessId::current()? };
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
        if slot as usize >= PER_QUEUE
            || (queue != meeting && queue.stat()?.creator != meeting.stat()?.creator)
        {
            return Err(Error::Corrupt(INVALID_WELCOME));
        }
        Ok(Self {
            meeting,
            queue,
            session,
            types: Types::of(slot),
            server: PeerProcess::watch(server)?,
            wake_up: PeriodicWakeUp::start(server)?,
            timeout,
            longest: longest_request(queue)?,
            answer_pending: false,
            rejected: false,
        })
    }

    /// Sends a request and waits for the answer.
    ///
    /// # Errors
    /// [`Error::TooLarge`]: longer than [`longest_request`]. [`Error::TimedOut`]: the answer has not come yet; the next
    /// request waits for it first, and discards it. [`Error::Disconnected`]: the server has stopped, was killed, or no
    /// longer answers this client; or this client's queue, if that is not the one of the server's address, was removed.
    /// `EINVAL`, `EIDRM`: that one was removed.
    pub fn request(&mut self, text: &[u8]) -> Result<Vec<u8>> {
        if text.len() > self.longest {
            return Err(Error::TooLarge { len: text.len(), max: self.longest });
        }
        if self.answer_pending {
            self.answer()?;
        }
        let request = [&[REQUEST][..], &self.session.to_ne_bytes(), text].concat();
        let is_server_gone = || !self.server.is_alive();
        let waiter = Waiter::new(self.queue, self.types.inbound, self.timeout, &is_server_gone);
        let sent = waiter.send(&Message::new(self.types.inbound, &request));
        self.unless_removed(sent)?;
        self.answer_pending = true;
        self.answer()
    }

    /// Returns this client's two types: the one it sends and the one it receives.
    #[must_use]
    pub const fn types(&self) -> [MessageType; 2] {
        [self.types.inbound, self.types.outbound]
    }

    /// Returns the queue that this client shares with some others. The server makes one more when all are in use.
    #[must_use]
    pub const fn queue(&self) -> Queue {
        self.queue
    }

    /// Returns `Disconnected` where the cause is that the server has stopped, and so has removed its queues.
    fn unless_removed<T>(&self, done: Result<T>) -> Result<T> {
        done.map_err(|error| {
            let removed = self.queue != self.meeting && self.queue.is_gone();
            if removed { Error::Disconnected } else { error }
        })
    }

    fn answer(&mut self) -> Result<Vec<u8>> {
        if self.rejected {
            return Err(Error::Disconnected);
        }
        let mut answer = Message::with_capacity(self.longest + HEADER);
        let is_server_gone = || !self.server.is_alive();
        let waiter = Waiter::new(self.queue, self.types.inbound, self.timeout, &is_server_gone);
        loop {
            let received = waiter.recv(self.types.outbound, &mut answer, Some(&mut self.wake_up));
            self.unless_removed(received)?;
            if answer.text().is_empty() {
                self.rejected = true;
                return Err(Error::Disconnected);
            }
            // An answer with another session is for an earlier client in this slot.
            if let Some(text) = answer.text().strip_prefix(&self.session.to_ne_bytes()) {
                self.answer_pending = false;
                return Ok(text.to_vec());
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.server.is_alive() {
            let leave = [&[LEAVE][..], &self.session.to_ne_bytes()].concat();
            let leave = Message::new(self.types.inbound, &leave);
            let _ = self.queue.send_until(&leave, LEAVE_WAITS); // the queue may be gone
        }
    }
}

/// Returns the longest request that fits `queue`, in bytes.
///
/// # Errors
/// As [`Queue::stat`].
pub fn longest_request(queue: Queue) -> Result<usize> {
    Ok(queue.longest_text()?.saturating_sub(HEADER))
}

const INVALID_WELCOME: &str = "an invalid welcome from the server";

/// Waits for room or for a message, until the time runs out or the server ends.
struct Waiter<'a> {
    queue: Queue,
    /// The type of the message that tells the server of a lack of room.
    complaint: MessageType,
    timeout: Duration,
    deadline: Deadline,
    is_server_gone: &'a dyn Fn() -> bool,
}

impl<'a> Waiter<'a> {
    fn new(
        queue: Queue,
        complaint: MessageType,
        timeout: Duration,
        is_server_gone: &'a dyn Fn() -> bool,
    ) -> Self {
        Self { queue, complaint, timeout, deadline: Deadline::after(timeout), is_server_gone }
    }

    fn send(&self, message: &Message) -> Result<()> {
        while self.queue.send_until(message, self.deadline.left(LOOK_EVERY))?.is_none() {
            if (self.is_server_gone)() {
                return Err(Error::Disconnected);
            }
            self.check_deadline()?;
            // Other clients may occupy the room indefinitely. This message tells the server, and always fits.
            self.queue.try_send(&Message::new(self.complaint, &[]))?;
        }
        Ok(())
    }

    /// As long as there is time, a wait costs one system call, which is interrupted now and then; the last moments are
    /// waited for exactly, which costs more.
    fn recv(
        &self,
        kind: MessageType,
        message: &mut Message,
        mut wake_up: Option<&mut PeriodicWakeUp>,
    ) -> Result<()> {
        const LONG: Duration = TICK.saturating_mul(3);
        loop {
            let received = if let Some(wake_up) = &mut wake_up
                && self.deadline.left(LONG) == LONG
            {
                match wake_up.during(|| self.queue.recv(kind, message)) {
                    Err(error) if error.errno() == Some(Errno::EINTR) => None,
                    received => Some(received?),
                }
            } else {
                self.queue.recv_until(kind, message, self.deadline.left(LOOK_EVERY))?
            };
            if received.is_some() {
                return Ok(());
            }
            if (self.is_server_gone)() {
                return last_look(Error::Disconnected, || self.queue.try_recv(kind, message));
            }
            self.check_deadline()?;
        }
    }

    fn check_deadline(&self) -> Result<()> {
        if self.deadline.has_passed() {
            let what = format!("no answer at queue {}: is a server running?", self.queue.id());
            return Err(Error::TimedOut { what, waited: self.timeout });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The server answers between the end of a wait and the check that it is alive.
    #[test]
    fn the_last_answer_of_a_server_is_received() {
        let queue = Queue::private(0o600).unwrap().owned();
        let answers_and_ends = || queue.try_send(&Message::new(JOIN, b"last")).unwrap().is_some();
        let waiter = Waiter::new(*queue, JOIN, Duration::ZERO, &answers_and_ends);
        let mut message = Message::with_capacity(4);
        waiter.recv(JOIN, &mut message, None).unwrap();
        assert_eq!(message.text(), b"last");
        let only_ends = Waiter::new(*queue, JOIN, Duration::ZERO, &|| true);
        assert!(matches!(only_ends.recv(JOIN, &mut message, None), Err(Error::Disconnected)));
    }

    /// A client that waits for room notices at once that the server is gone, not only when the time is over.
    #[test]
    fn a_client_that_waits_for_room_notices_that_the_server_is_gone() {
        let queue = Queue::private(0o600).unwrap().owned();
        queue.set(&crate::Settings { capacity: Some(0), ..Default::default() }).unwrap();
        let only_ends = Waiter::new(*queue, JOIN, Duration::ZERO, &|| true);
        assert!(matches!(only_ends.send(&Message::new(JOIN, b"")), Err(Error::Disconnected)));
        let lives = Waiter::new(*queue, JOIN, Duration::ZERO, &|| false);
        assert!(matches!(lives.send(&Message::new(JOIN, b"")), Err(Error::TimedOut { .. })));
    }
}
