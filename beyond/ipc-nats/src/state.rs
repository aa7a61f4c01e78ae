//! What the two halves of a link and the tasks beside them share.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use async_nats::jetstream::message::Acker;
use bytes::Bytes;
use ipc_core::{Deadline, Error};

use crate::outbox::{Outgoing, WINDOW, WINDOW_BYTES};

/// The reason why a link can no longer be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A stream was removed, or it was in the memory of a server that was restarted.
    Removed,
    /// The stream has forgotten messages that it had acknowledged.
    Lost,
    /// Another program has published to the stream.
    Foreign,
    /// What was received is no message of a link.
    Corrupt(&'static str),
}

impl Fault {
    fn error(self) -> Error {
        let text = match self {
            Self::Removed => {
                "the stream is gone: it was removed, or the server that had it in memory was restarted"
            }
            Self::Lost => {
                "the stream has lost messages that it had acknowledged: the server crashed before it wrote them"
            }
            Self::Foreign => return Error::Corrupt("another program has published to the stream"),
            Self::Corrupt(how) => return Error::Corrupt(how),
        };
        Error::Refused(text.into())
    }
}

/// A message that was received and not yet taken.
pub struct Arrived {
    pub payload: Bytes,
    pub acker: Acker,
}

impl fmt::Debug for Arrived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrived").field("payload", &self.payload).finish_non_exhaustive()
    }
}

/// What is known, by both halves.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own: any of them may hold without the others"
)]
pub struct Known {
    /// The messages received and not yet taken.
    pub arrived: VecDeque<Arrived>,
    /// The number of messages received so far.
    pub received: u64,
    /// True if the peer's last message has arrived: no more will come.
    pub ended: bool,
    /// True if the peer is gone, and all that it has sent has arrived.
    pub drained: bool,
    /// True if the peer is gone, or does not receive any more.
    pub unheard: bool,
    /// True once the peer has joined.
    pub has_peer: bool,
    /// The number of messages, and of their bytes, that the stream has not acknowledged.
    pub under_way: (usize, usize),
    fault: Option<Fault>,
    /// True if nothing more is to be done: both halves are gone, or the peer is.
    finished: bool,
    /// What this side still does.
    pub sends: bool,
    pub receives: bool,
}

/// The knowledge, and a way to wait until there is more.
#[derive(Debug, Default)]
pub struct Shared {
    known: Mutex<Known>,
    changed: Condvar,
    /// Room for another message that has arrived: the task that receives waits for it.
    pub taken: tokio::sync::Notify,
}

impl Shared {
    /// Returns what is known now.
    pub fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("no thread panics while it holds this")
    }

    /// Changes what is known, and wakes those who wait for that.
    pub fn change<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        let changed = change(&mut self.known());
        self.changed.notify_all();
        changed
    }

    /// Waits until `look` finds something, until the deadline at the latest.
    pub fn wait<T>(
        &self,
        deadline: Deadline,
        mut look: impl FnMut(&mut Known) -> ipc_core::Result<Option<T>>,
    ) -> ipc_core::Result<Option<T>> {
        /// As good as forever, where the clock allows no more.
        const LONG: Duration = Duration::from_secs(3600);
        let mut known = self.known();
        loop {
            if let Some(found) = look(&mut known)? {
                return Ok(Some(found));
            }
            if deadline.has_passed() {
                return Ok(None);
            }
            let left = deadline.left(LONG);
            known = self.changed.wait_timeout(known, left).expect("no thread panics while it holds this").0;
        }
    }

    /// Notes that the link cannot be used any more; the first reason counts.
    pub fn fail(&self, fault: Fault) {
        self.change(|known| {
            known.fault.get_or_insert(fault);
        });
    }

    /// Notes that the stream has a message.
    pub fn left(&self, message: &Outgoing) {
        if let Outgoing::Data(bytes) = message {
            self.change(|known| {
                known.under_way.0 -= 1;
                known.under_way.1 -= bytes.len();
            });
        } else {
            self.change(|known| known.sends = false);
        }
    }

    /// Notes that nothing more is to be done.
    pub fn finish(&self) {
        self.change(|known| known.finished = true);
    }

    /// Returns whether nothing more is to be done.
    pub fn is_finished(&self) -> bool {
        self.known().finished
    }
}

impl Known {
    /// Returns whether the window has room for another message of `len` bytes.
    pub fn has_room(&self, len: usize) -> bool {
        let (messages, bytes) = self.under_way;
        messages == 0 || (messages < WINDOW && bytes + len <= WINDOW_BYTES)
    }

    /// Returns the number of messages that the caller has taken.
    pub fn taken(&self) -> u64 {
        self.received - self.arrived.len() as u64
    }

    /// Fails if the link cannot be used any more.
    pub fn check(&self) -> ipc_core::Result<()> {
        self.fault.map_or(Ok(()), |fault| Err(fault.error()))
    }
}
