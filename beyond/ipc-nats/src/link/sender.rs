//! The half that sends.
//!
//! A message is *under way* once it was handed to the task that publishes it, at once. It is *acknowledged* once the server
//! has said that the stream has it. `send` waits for that; so does `flush`, for all before it. `feed`, and the calls that
//! wait for a limited time or not at all, put a message under way, in a window of 256; when that is full, they wait, or say
//! "not now". None is kept back, so that a `flush` with a time limit has nothing to do;
//! [`acknowledged_within`](LinkSender::acknowledged_within) is for those who want to know.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ipc_core::{Deadline, Endpoint, Error, Result, Sender};
use tokio::sync::mpsc;

use super::End;
use crate::outbox::Outgoing;
use crate::state::{Known, Shared};

/// The longest time for which dropping the sender waits until the stream has all that was sent. Like a socket's, a message
/// that was taken is on its way, whether its sender is still interested or not.
const LINGER: Duration = Duration::from_secs(10);

/// The half that sends.
#[derive(Debug)]
pub struct LinkSender {
    pub(super) shared: Arc<Shared>,
    pub(super) longest: usize,
    /// `None` once the last message was sent.
    pub(super) queue: Option<mpsc::UnboundedSender<Outgoing>>,
    pub(super) end: Arc<End>,
}

impl Endpoint for LinkSender {
    fn max_message(&self) -> usize {
        self.longest
    }
}

impl LinkSender {
    /// Returns the number of messages that the server has not acknowledged. They have left this process, so that none is
    /// [`unsent`](Sender::unsent), as over a socket; whether the stream has them is not known.
    #[must_use]
    pub fn unacknowledged(&self) -> usize {
        self.shared.known().under_way.0
    }

    /// Waits until the server has acknowledged all that was sent, for at most `timeout`; `None` means "not in time".
    ///
    /// # Errors
    /// As [`flush`](Sender::flush).
    pub fn acknowledged_within(&mut self, timeout: Duration) -> Result<Option<()>> {
        self.settle(Deadline::after(timeout))
    }

    /// Puts a message under way once there is room for it.
    fn put(&mut self, message: &[u8], deadline: Deadline) -> Result<Option<()>> {
        let (len, max) = (message.len(), self.longest);
        if len > max {
            return Err(Error::TooLarge { len, max });
        }
        let room = self.shared.wait(deadline, |known| {
            is_heard(known)?;
            let has_room = known.has_room(len);
            if has_room {
                known.under_way.0 += 1;
                known.under_way.1 += len;
            }
            Ok(has_room.then_some(()))
        })?;
        if room.is_some() {
            let queue = self.queue.as_ref().expect("it is there until the drop");
            let _ = queue.send(Outgoing::Data(Bytes::copy_from_slice(message))); // fails after a fault, which is reported
        }
        Ok(room)
    }

    /// Waits until the stream has all that was put under way.
    fn settle(&self, deadline: Deadline) -> Result<Option<()>> {
        self.shared.wait(deadline, |known| {
            if known.under_way.0 == 0 {
                return Ok(Some(()));
            }
            is_heard(known).map(|()| None)
        })
    }
}

/// Fails if there is no point in sending.
fn is_heard(known: &mut Known) -> Result<()> {
    known.check()?;
    if known.unheard { Err(Error::Disconnected) } else { Ok(()) }
}

impl Sender for LinkSender {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.put(message, Deadline::Never)?;
        self.settle(Deadline::Never).map(drop)
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.put(message, Deadline::after(timeout))
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.put(message, Deadline::Now)
    }

    fn feed(&mut self, message: &[u8]) -> Result<()> {
        self.put(message, Deadline::Never).map(drop)
    }

    fn flush(&mut self) -> Result<()> {
        self.settle(Deadline::Never).map(drop)
    }

    fn try_flush(&mut self) -> Result<Option<()>> {
        self.check_receiver().map(Some) // nothing was kept back
    }

    fn check_receiver(&mut self) -> Result<()> {
        is_heard(&mut self.shared.known())
    }
}

impl Drop for LinkSender {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            let _ = queue.send(Outgoing::End);
        }
        if !std::thread::panicking() {
            // Until the end is in the stream, with all that comes before it.
            let _ = self.shared.wait(Deadline::after(LINGER), |known| {
                is_heard(known)?;
                Ok((!known.sends).then_some(()))
            });
        }
        self.shared.change(|known| known.sends = false);
    }
}
