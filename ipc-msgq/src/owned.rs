//! A queue that is removed with its owner.

use std::ops::Deref;

use ipc_core::Result;

use crate::Queue;

/// A queue that is removed when this value is dropped, with every message still in it. A plain [`Queue`] never removes
/// anything.
///
/// This does not help where destructors do not run: after `SIGKILL`, `std::process::exit`, or an unhandled signal.
/// [`SystemV`](crate::SystemV) covers those, too.
///
/// ```
/// # use ipc_msgq::Queue;
/// let borrowed: Queue = {
///     let owned = Queue::private(0o600)?.owned();
///     owned.stat()?; // all that a queue can do
///     *owned
/// };
/// assert_eq!(borrowed.stat().unwrap_err().to_string(), "msgctl: Invalid argument (EINVAL)");
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "it removes the queue as soon as it is dropped"]
pub struct OwnedQueue(Queue);

impl OwnedQueue {
    /// Gives up the ownership: from now on the caller has to remove the queue.
    ///
    /// ```
    /// # use ipc_msgq::Queue;
    /// let queue = Queue::private(0o600)?.owned().keep();
    /// queue.stat()?; // still there
    /// queue.remove()?;
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    #[must_use = "otherwise the queue is never removed"]
    pub fn keep(self) -> Queue {
        let queue = self.0;
        std::mem::forget(self); // it owns nothing but the queue
        queue
    }

    /// Removes the queue now and reports errors, which `Drop` cannot.
    ///
    /// C: `int msgctl(int msqid, IPC_RMID, NULL);`
    /// — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
    ///
    /// ```
    /// # use ipc_msgq::Queue;
    /// let queue = Queue::private(0o600)?.owned();
    /// queue.remove()?;
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Queue::remove`].
    pub fn remove(self) -> Result<()> {
        self.keep().remove()
    }
}

impl Queue {
    /// Makes this value responsible for removing the queue.
    pub const fn owned(self) -> OwnedQueue {
        OwnedQueue(self)
    }
}

impl Deref for OwnedQueue {
    type Target = Queue;

    fn deref(&self) -> &Queue {
        &self.0
    }
}

impl Drop for OwnedQueue {
    fn drop(&mut self) {
        let _ = self.0.remove(); // it may be gone already
    }
}
