//! Removing a queue without losing a message.

use std::thread;
use std::time::Duration;

use ipc_core::Result;

use crate::{Queue, Settings, WaitLimit};

/// The outcome of [draining](Queue::close_and_drain) a queue.
///
/// ```
/// # use std::time::Duration;
/// # use ipc_msgq::{Drain, Queue};
/// let queue = Queue::private(0o600)?;
/// match queue.close_and_drain(Duration::from_secs(5))? {
///     Drain::Drained => println!("everything was received"),
///     Drain::NotDrained { messages, .. } => println!("{messages} messages wait for a receiver"),
/// }
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the queue may still be there"]
pub enum Drain {
    /// Everything was received, and the queue is removed.
    Drained,
    /// The time ran out first. The queue still exists and accepts messages again, as before.
    NotDrained {
        /// Messages not yet received.
        messages: usize,
        /// Bytes of text in them.
        bytes: usize,
    },
}

/// The interval at which to look whether the queue is empty. The kernel gives no notice.
const LOOK_EVERY: Duration = Duration::from_millis(2);

impl Queue {
    /// Removes the queue when its receivers have taken everything, and blocks all senders meanwhile.
    ///
    /// 1. **Nothing new.** The capacity is set to 0, so no message fits, not even one without bytes, and not even
    ///    root's (unlike with permissions, which root bypasses). A sender that does not wait gets "full" (`EAGAIN`).
    ///    A sender that waits for room goes on waiting: its message was never accepted, so it is not lost.
    /// 2. **Receive.** Receivers notice nothing, including those already waiting.
    /// 3. **Remove**, as soon as the queue is empty. Any process still waiting, to send or to receive, gets `EIDRM`.
    ///
    /// If the time runs out before the queue is empty, the capacity is restored, and waiting senders go on. If this
    /// process is killed in between, the capacity stays 0; [`set`](Self::set) opens the queue again.
    ///
    /// Only one process should do this at a time: a second one that closes the same queue meanwhile would read 0 as its
    /// capacity, and the first would reopen the queue while the second is draining it.
    ///
    /// A message counts as *received* when `msgrcv` has delivered it. Only a reply from the receiver could tell whether
    /// it has been processed.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ipc_msgq::{Drain, Message, MessageType, Queue};
    /// let queue = Queue::private(0o600)?.owned();
    /// queue.send(&Message::new(MessageType::ONE, b"precious"))?;
    /// let soon = Duration::from_millis(10);
    /// assert_eq!(queue.close_and_drain(soon)?, Drain::NotDrained { messages: 1, bytes: 8 });
    /// queue.recv(MessageType::ONE, &mut Message::with_capacity(8))?;
    /// assert_eq!(queue.close_and_drain(soon)?, Drain::Drained);
    /// assert!(queue.stat().is_err(), "it is gone");
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `EPERM`: the queue is another user's. `EACCES`: this user may not ask how full it is. `EINVAL` or `EIDRM`:
    /// another process has removed the queue. If reopening is refused (`EPERM`, where root had set a capacity above
    /// `kernel.msgmnb`), the queue stays closed.
    // ANCHOR: drain
    pub fn close_and_drain<'a>(self, limit: impl Into<WaitLimit<'a>>) -> Result<Drain> {
        let limit = limit.into();
        let capacity = self.stat()?.capacity;
        self.set(&Settings { capacity: Some(0), ..Settings::default() })?;
        loop {
            let over = limit.has_passed() || limit.is_cancelled();
            let stat = self.stat()?;
            if stat.messages == 0 {
                self.remove()?;
                return Ok(Drain::Drained);
            }
            if over {
                self.set(&Settings { capacity: Some(capacity), ..Settings::default() })?;
                return Ok(Drain::NotDrained { messages: stat.messages, bytes: stat.bytes });
            }
            thread::sleep(LOOK_EVERY);
        }
    }
    // ANCHOR_END: drain
}
