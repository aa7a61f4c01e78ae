//! How a client waits for its server.

use std::time::Duration;

use ipc_core::{Deadline, Error, Result, last_look};
use nix::errno::Errno;

use crate::wake_timer::{PeriodicWakeUp, TICK};
use crate::{Message, MessageType, Queue};

/// The interval at which a waiting client checks that the server is alive.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Waits for room or for a message, until the time runs out or the server ends.
pub(super) struct Waiter<'a> {
    queue: Queue,
    /// The type of the message that tells the server of a lack of room.
    complaint: MessageType,
    timeout: Duration,
    deadline: Deadline,
    is_server_gone: &'a dyn Fn() -> bool,
}

impl<'a> Waiter<'a> {
    pub(super) fn new(
        queue: Queue,
        complaint: MessageType,
        timeout: Duration,
        is_server_gone: &'a dyn Fn() -> bool,
    ) -> Self {
        Self { queue, complaint, timeout, deadline: Deadline::after(timeout), is_server_gone }
    }

    pub(super) fn send(&self, message: &Message) -> Result<()> {
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
    pub(super) fn recv(
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
    use super::super::wire::JOIN;
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
