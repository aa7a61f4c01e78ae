//! The client side of a server.

use std::time::{Duration, Instant};

use ipc_core::process::{PeerProcess, ProcessId};
use ipc_core::{Error, Result, last_look};

use super::wire::{DOOR, GOODBYE, HEADER, Join, REQUEST, Types, Welcome, fresh_type};
use crate::{Message, MessageType, Queue, Until};

/// The interval at which a waiting client checks that the server is alive.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The longest wait of the goodbye for room. If it gets none, the server notices when this process ends.
const GOODBYE_WAITS: Duration = Duration::from_secs(1);

/// A client of a [`Server`](super::Server). Dropping it says goodbye.
///
/// See [there](super) for an example, and for the reason why a client has only one request under way.
#[derive(Debug)]
pub struct Client {
    queue: Queue,
    session: u64,
    types: Types,
    server: PeerProcess,
    patience: Duration,
    longest: usize,
    /// An answer is still to come, since the last request stopped waiting for it.
    owed: bool,
    /// The server has said that it will not answer this client again.
    out: bool,
}

impl Client {
    /// Joins the server at `queue`, and waits for it, and later for each answer, no longer than `patience`.
    ///
    /// If the time runs out first and a server starts later, that server keeps a seat for this client until this
    /// process ends.
    ///
    /// # Errors
    /// [`Error::TimedOut`]: no server answers. [`Error::Disconnected`]: the server has no seat left, is stopping, or
    /// lacked room while this client did not take its welcome. [`Error::Usage`]: the server is in another pid
    /// namespace, where neither side would notice the end of the other. [`Error::Corrupt`]: the answer is not a
    /// server's. `EINVAL`, `EIDRM`, `EACCES`: the queue does not exist (any more), or this user has no permission.
    pub fn join(queue: Queue, patience: Duration) -> Result<Self> {
        let welcome = fresh_type();
        let join = Join { welcome, client: ProcessId::current()? };
        let deadline = Deadline::new(queue, patience, &|| false); // the server is not known yet
        deadline.send(&Message::new(DOOR, &join.encode()))?;
        let mut answer = Message::truncating(64);
        deadline.recv(welcome, &mut answer)?;
        if answer.text().is_empty() {
            return Err(Error::Disconnected);
        }
        let Welcome { session, seat, server } =
            Welcome::decode(answer.text()).ok_or(Error::Corrupt("a welcome that is none"))?;
        Ok(Self {
            queue,
            session,
            types: Types::of(seat),
            server: PeerProcess::watch(server)?,
            patience,
            longest: longest_request(queue)?,
            owed: false,
            out: false,
        })
    }

    /// Sends a request and waits for the answer.
    ///
    /// # Errors
    /// [`Error::TooLarge`]: longer than [`longest_request`]. [`Error::TimedOut`]: the answer has not come yet; the next
    /// request waits for it first, and discards it. [`Error::Disconnected`]: the server has stopped, was killed, or no
    /// longer answers this client. `EINVAL`, `EIDRM`: the queue was removed.
    pub fn request(&mut self, text: &[u8]) -> Result<Vec<u8>> {
        if text.len() > self.longest {
            return Err(Error::TooLarge { len: text.len(), max: self.longest });
        }
        if self.owed {
            self.answer()?;
        }
        let request = [&[REQUEST][..], &self.session.to_ne_bytes(), text].concat();
        let is_server_gone = || !self.server.is_alive();
        let deadline = Deadline::new(self.queue, self.patience, &is_server_gone);
        deadline.send(&Message::new(self.types.inbound, &request))?;
        self.owed = true;
        self.answer()
    }

    /// Returns this client's two types: the one it sends and the one it receives.
    #[must_use]
    pub const fn types(&self) -> [MessageType; 2] {
        [self.types.inbound, self.types.outbound]
    }

    fn answer(&mut self) -> Result<Vec<u8>> {
        if self.out {
            return Err(Error::Disconnected);
        }
        let mut answer = Message::with_capacity(self.longest + HEADER);
        let is_server_gone = || !self.server.is_alive();
        let deadline = Deadline::new(self.queue, self.patience, &is_server_gone);
        loop {
            deadline.recv(self.types.outbound, &mut answer)?;
            if answer.text().is_empty() {
                self.out = true;
                return Err(Error::Disconnected);
            }
            // An answer with another session is for an earlier client in this seat.
            if let Some(text) = answer.text().strip_prefix(&self.session.to_ne_bytes()) {
                self.owed = false;
                return Ok(text.to_vec());
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.server.is_alive() {
            let goodbye = [&[GOODBYE][..], &self.session.to_ne_bytes()].concat();
            let goodbye = Message::new(self.types.inbound, &goodbye);
            let _ = self.queue.send_until(&goodbye, GOODBYE_WAITS); // the queue may be gone
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

/// The end of a wait for room or for a message: a time limit, or the end of the server.
struct Deadline<'a> {
    queue: Queue,
    patience: Duration,
    /// `None`: never.
    moment: Option<Instant>,
    is_server_gone: &'a dyn Fn() -> bool,
}

impl<'a> Deadline<'a> {
    fn new(queue: Queue, patience: Duration, is_server_gone: &'a dyn Fn() -> bool) -> Self {
        Self { queue, patience, moment: Instant::now().checked_add(patience), is_server_gone }
    }

    fn send(&self, message: &Message) -> Result<()> {
        while self.queue.send_until(message, self.next_look())?.is_none() {
            if (self.is_server_gone)() {
                return Err(Error::Disconnected);
            }
            self.look_at_clock()?;
            // Other clients may occupy the room indefinitely. This message tells the server, and always fits.
            self.queue.try_send(&Message::new(DOOR, &[]))?;
        }
        Ok(())
    }

    fn recv(&self, kind: MessageType, message: &mut Message) -> Result<()> {
        while self.queue.recv_until(kind, message, self.next_look())?.is_none() {
            if (self.is_server_gone)() {
                return last_look(Error::Disconnected, || self.queue.try_recv(kind, message));
            }
            self.look_at_clock()?;
        }
        Ok(())
    }

    fn next_look(&self) -> Until<'static> {
        let look = Instant::now() + LOOK_EVERY;
        self.moment.map_or(look, |moment| moment.min(look)).into()
    }

    fn look_at_clock(&self) -> Result<()> {
        if self.moment.is_some_and(|moment| moment <= Instant::now()) {
            let what = format!("nobody answers at queue {}: is there a server?", self.queue.id());
            return Err(Error::TimedOut { what, waited: self.patience });
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
        let answers_and_ends = || queue.try_send(&Message::new(DOOR, b"last")).unwrap().is_some();
        let deadline = Deadline::new(*queue, Duration::ZERO, &answers_and_ends);
        let mut message = Message::with_capacity(4);
        deadline.recv(DOOR, &mut message).unwrap();
        assert_eq!(message.text(), b"last");
        let only_ends = Deadline::new(*queue, Duration::ZERO, &|| true);
        assert!(matches!(only_ends.recv(DOOR, &mut message), Err(Error::Disconnected)));
    }

    /// A client that waits for room is told at once that the server is gone, not only when the time is over.
    #[test]
    fn who_waits_for_room_is_told_that_the_server_is_gone() {
        let queue = Queue::private(0o600).unwrap().owned();
        queue.set(&crate::Settings { capacity: Some(0), ..Default::default() }).unwrap();
        let only_ends = Deadline::new(*queue, Duration::ZERO, &|| true);
        assert!(matches!(only_ends.send(&Message::new(DOOR, b"")), Err(Error::Disconnected)));
        let lives = Deadline::new(*queue, Duration::ZERO, &|| false);
        assert!(matches!(lives.send(&Message::new(DOOR, b"")), Err(Error::TimedOut { .. })));
    }
}
