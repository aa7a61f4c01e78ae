//! Reading the kernel's record of a queue, and changing it.

use ipc_core::{Advise, Call, Result};
use nix::errno::Errno;

use crate::{Limits, Queue, Stat, list, sys};

/// The changes that [`Queue::set`] makes. `None` leaves a setting as it is.
///
/// ```
/// # use ipc_msgq::{Queue, Settings};
/// let queue = Queue::private(0o600)?.owned();
/// queue.set(&Settings { mode: Some(0o640), capacity: Some(4096), ..Settings::default() })?;
/// let stat = queue.stat()?;
/// assert_eq!((stat.mode, stat.capacity), (0o640, 4096));
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The user to whom the mode's first three bits apply.
    pub owner: Option<libc::uid_t>,
    /// The group to which the next three apply.
    pub group: Option<libc::gid_t>,
    /// Permission bits.
    pub mode: Option<u32>,
    /// The number of bytes of text it may hold, and the number of messages. Less than it already holds is not an error:
    /// no more fits until enough has been received. With 0, no process can send.
    pub capacity: Option<usize>,
}

impl Queue {
    /// Returns the kernel's record of the queue.
    ///
    /// C: `int msgctl(int msqid, IPC_STAT, struct msqid_ds *buf);`
    /// — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
    ///
    /// ```
    /// # use ipc_msgq::{Key, Queue};
    /// let key = Key::fresh();
    /// let queue = Queue::create(key, 0o600)?.owned();
    /// assert_eq!(queue.stat()?.key, Some(key));
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `EACCES`: no permission to read it ([`list`](crate::list()) shows it anyway). `EINVAL` or `EIDRM`: the
    /// queue no longer exists.
    #[doc(alias = "msgctl")]
    #[doc(alias = "IPC_STAT")]
    pub fn stat(&self) -> Result<Stat> {
        let stat = sys::msgctl_stat(self.id().get(), libc::IPC_STAT).call("msgctl");
        let stat = stat.advise(Errno::EACCES, || {
            format!("queue {} does not permit you to read it; /proc/sysvipc/msg shows it anyway", self.id())
        })?;
        Ok(Stat::new(&stat.1))
    }

    /// Changes owner, group, mode or capacity. Every process waiting for room looks again.
    ///
    /// C: `int msgctl(int msqid, IPC_SET, struct msqid_ds *buf);`
    /// — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
    ///
    /// The kernel sets all four at once. So this reads the others first, and a change by another process between the
    /// two calls is undone.
    ///
    /// ```
    /// # use ipc_msgq::{Message, MessageType, Queue, Settings};
    /// let queue = Queue::private(0o600)?.owned();
    /// queue.set(&Settings { capacity: Some(4), ..Settings::default() })?;
    /// let message = Message::new(MessageType::ONE, b"four");
    /// assert_eq!(queue.try_send(&message)?, Some(()));
    /// assert_eq!(queue.try_send(&message)?, None); // no room for another
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `EPERM`: the queue is another user's, or the capacity is above `kernel.msgmnb` and this process is not
    /// privileged (`CAP_SYS_RESOURCE`). `EINVAL` or `EIDRM`: the queue no longer exists.
    #[doc(alias = "msgctl")]
    #[doc(alias = "IPC_SET")]
    pub fn set(&self, settings: &Settings) -> Result<()> {
        let now = match self.stat() {
            // A user without permission to receive may still be the owner.
            Err(error) if error.errno() == Some(Errno::EACCES) => {
                list()?.into_iter().find(|entry| entry.queue == *self).ok_or(error)?.stat
            }
            stat => stat?,
        };
        let capacity = settings.capacity.unwrap_or(now.capacity);
        sys::msgctl_set(
            self.id().get(),
            settings.owner.unwrap_or(now.owner),
            settings.group.unwrap_or(now.group),
            settings.mode.unwrap_or(now.mode),
            capacity,
        )
        .call("msgctl")
        .advise(Errno::EPERM, || match Limits::read() {
            Ok(limits) if capacity > limits.queue_bytes => format!(
                "a capacity above kernel.msgmnb ({} bytes) needs root, and so does any other change to such a queue",
                limits.queue_bytes
            ),
            _ => format!("queue {} belongs to another user: only that user and root can change it", self.id()),
        })
    }

    /// Returns the longest text that one message of this queue can have, in bytes: `kernel.msgmax`, or the capacity of
    /// the queue if that is less.
    ///
    /// C: `int msgctl(int msqid, IPC_STAT, struct msqid_ds *buf);` and `int msgctl(0, IPC_INFO, struct msginfo *buf);`
    /// — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
    ///
    /// ```
    /// # use ipc_msgq::{Message, MessageType, Queue};
    /// let queue = Queue::private(0o600)?.owned();
    /// let longest = queue.longest_text()?;
    /// queue.send(&Message::new(MessageType::ONE, &vec![0; longest]))?;
    /// assert!(queue.stat()?.bytes == longest);
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`stat`](Self::stat).
    pub fn longest_text(&self) -> Result<usize> {
        Ok(self.stat()?.capacity.min(Limits::read()?.message_bytes))
    }
}
