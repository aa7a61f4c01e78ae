//! Removing a queue so that nothing is lost.

use std::thread;
use std::time::Duration;

use ipc_core::Result;

use crate::{Queue, Settings, Until};

/// What became of a queue that was to be [drained](Queue::close_and_drain).
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
    /// The time was over first. The queue is there and open again, as it was before.
    NotDrained {
        /// Messages that nobody has received.
        messages: usize,
        /// Bytes of text in them.
        bytes: usize,
    },
}

/// How often to look whether it is empty by now. The kernel does not tell.
const LOOK_EVERY: Duration = Duration::from_millis(2);

impl Queue {
    /// Removes the queue when its receivers have taken everything, and lets nobody send meanwhile.
    ///
    /// 1. **Nothing new.** The capacity is set to 0, so no message fits, not even one without bytes, and not even
    ///    root's (unlike with permissions, which root passes over). Who sends without waiting is told "full"
    ///    (`EAGAIN`). Who waits for room goes on waiting: what it holds was never accepted, so it is not lost.
    /// 2. **Receive.** Those who receive notice nothing, those included that wait already.
    /// 3. **Remove**, as soon as the queue is empty. Whoever still waits, to send or to receive, learns it (`EIDRM`).
    ///
    /// If the time is over before it is empty, the capacity is what it was before, and those who wait to send go on.
    /// If this process is killed in between, the capacity stays 0; [`set`](Self::set) opens the queue again.
    ///
    /// One at a time: a second one that closes the same queue meanwhile would take 0 for its capacity, and the first would
    /// open the queue under it.
    ///
    /// A message has been *received* when `msgrcv` has handed it over. What the receiver did with it since, only an
    /// answer of its own could tell.
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
    /// there is no such queue any more, as somebody else has removed it. If opening it again is refused (`EPERM`,
    /// where it had more than `kernel.msgmnb`, set by root), it stays closed.
    // ANCHOR: drain
    pub fn close_and_drain<'a>(self, until: impl Into<Until<'a>>) -> Result<Drain> {
        let until = until.into();
        let capacity = self.stat()?.capacity;
        self.set(&Settings { capacity: Some(0), ..Settings::default() })?;
        loop {
            let over = until.has_passed() || until.is_interrupted();
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
