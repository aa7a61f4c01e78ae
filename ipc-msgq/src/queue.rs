//! A kernel queue: send, receive, peek, remove.

use std::ffi::c_int;
use std::fmt;

use ipc_core::{Advise, Call, Error, Result};
use nix::errno::Errno;

use crate::{Message, Select, sys};

/// The kernel's number for a queue, shown by `ipcs` as `msqid`. It means the same in every process, and is not reused
/// for a long time after the queue is gone.
///
/// ```
/// # use ipc_msgq::{Queue, QueueId};
/// let queue = Queue::private(0o600)?.owned();
/// let number = queue.id().get();
/// assert_eq!(QueueId::new(number), queue.id());
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId(c_int);

impl QueueId {
    /// Wraps an id received from another process.
    #[must_use]
    pub const fn new(number: c_int) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> c_int {
        self.0
    }
}

impl fmt::Display for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A queue. This is only a name: dropping it does not remove the queue, since other processes may use it. For a queue
/// that is removed with its owner, see [`OwnedQueue`](crate::OwnedQueue).
///
/// All calls can be made from many threads and processes at once. The kernel serializes them.
///
/// ```
/// # use ipc_msgq::{Key, Message, MessageType, Queue, Select};
/// let key = Key::fresh();
/// let queue = Queue::create(key, 0o600)?;
/// queue.send(&Message::new(MessageType::ONE, b"it waits here"))?;
///
/// let same = Queue::open(key)?; // in another process, now or later
/// let mut message = Message::with_capacity(100);
/// same.recv(Select::Any, &mut message)?;
/// assert_eq!(message.text(), b"it waits here");
/// same.remove()?;
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Queue(QueueId);

impl Queue {
    /// Names the queue with the id `id`, which need not exist.
    #[must_use]
    pub const fn from_id(id: QueueId) -> Self {
        Self(id)
    }

    /// Returns the kernel's number for the queue.
    #[must_use]
    pub const fn id(&self) -> QueueId {
        self.0
    }

    /// Sends `message`, waiting for room.
    ///
    /// C: `int msgsnd(int msqid, const void *msgp, size_t msgsz, 0);`
    /// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
    ///
    /// ```
    /// # use ipc_msgq::{Message, MessageType, Queue};
    /// let queue = Queue::private(0o600)?.owned();
    /// queue.send(&Message::new(MessageType::ONE, b"text"))?;
    /// assert_eq!((queue.stat()?.messages, queue.stat()?.bytes), (1, 4)); // the type is not counted
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `EIDRM`: the queue was removed while this call waited; `EINVAL`: before that, or the message is longer than
    /// `kernel.msgmax`. `EINTR`: a signal came while it waited; nothing was sent. `EACCES`: no permission. `ENOMEM`:
    /// the system has no memory for a copy of the message.
    #[doc(alias = "msgsnd")]
    #[inline]
    pub fn send(&self, message: &Message) -> Result<()> {
        sys::msgsnd(self.0.get(), message, 0).call("msgsnd")
    }

    /// Sends `message` if there is room now; `None` if there is not.
    ///
    /// C: `int msgsnd(int msqid, const void *msgp, size_t msgsz, IPC_NOWAIT);`
    /// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
    ///
    /// ```
    /// # use ipc_msgq::{Message, MessageType, Queue};
    /// let queue = Queue::private(0o600)?.owned();
    /// let message = Message::new(MessageType::ONE, &vec![0; queue.longest_text()?]);
    /// while queue.try_send(&message)?.is_some() {}
    /// assert!(queue.try_send(&message)?.is_none(), "full: no process receives");
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`send`](Self::send), except `EINTR` and `EIDRM`.
    #[doc(alias = "msgsnd")]
    #[doc(alias = "IPC_NOWAIT")]
    #[inline]
    pub fn try_send(&self, message: &Message) -> Result<Option<()>> {
        match sys::msgsnd(self.0.get(), message, libc::IPC_NOWAIT) {
            Err(Errno::EAGAIN) => Ok(None),
            sent => sent.call("msgsnd").map(Some),
        }
    }

    /// Takes the oldest message that `select` matches, waiting for it.
    ///
    /// C: `ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, int msgflg);`
    /// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
    ///
    /// ```
    /// # use ipc_msgq::{Message, MessageType, Queue, Select};
    /// let queue = Queue::private(0o600)?.owned();
    /// queue.send(&Message::new(MessageType::ONE, b"too long for that"))?;
    /// let error = queue.recv(Select::Any, &mut Message::with_capacity(8)).unwrap_err();
    /// assert_eq!(error.to_string(), "msgrcv: Argument list too long (E2BIG)");
    /// let mut message = Message::with_capacity(100);
    /// queue.recv(Select::Any, &mut message)?; // it has stayed
    /// assert_eq!(message.text(), b"too long for that");
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `E2BIG`: the message is longer than `message`'s capacity and stays in the queue. `EIDRM`: the queue was removed
    /// while this call waited; `EINVAL`: before that. `EINTR`: a signal came while it waited. `EACCES`: no permission.
    #[doc(alias = "msgrcv")]
    #[inline]
    pub fn recv(&self, select: impl Into<Select>, message: &mut Message) -> Result<()> {
        sys::msgrcv(self.0.get(), message, select.into().msgtyp(), 0).call("msgrcv")
    }

    /// Takes the oldest message that `select` matches if there is one now; `None` if there is not.
    ///
    /// C: `ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, IPC_NOWAIT);`
    /// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
    ///
    /// ```
    /// # use ipc_msgq::{Message, MessageType, Queue};
    /// let queue = Queue::private(0o600)?.owned();
    /// let mut message = Message::with_capacity(100);
    /// assert!(queue.try_recv(MessageType::ONE, &mut message)?.is_none(), "nothing yet");
    /// queue.send(&Message::new(MessageType::ONE, b"text"))?;
    /// assert!(queue.try_recv(MessageType::ONE, &mut message)?.is_some());
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`recv`](Self::recv), except `EINTR` and `EIDRM`.
    #[doc(alias = "msgrcv")]
    #[doc(alias = "IPC_NOWAIT")]
    #[inline]
    pub fn try_recv(&self, select: impl Into<Select>, message: &mut Message) -> Result<Option<()>> {
        match sys::msgrcv(self.0.get(), message, select.into().msgtyp(), libc::IPC_NOWAIT) {
            Err(Errno::ENOMSG) => Ok(None), // msgsnd says EAGAIN for this
            received => received.call("msgrcv").map(Some),
        }
    }

    /// Copies the message at `position`, counted from 0 at the oldest, and leaves it in the queue; `None` beyond the
    /// last.
    ///
    /// C: `ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long position, MSG_COPY | IPC_NOWAIT);`
    /// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
    ///
    /// Before the next call, other processes may take earlier messages: then a position names another message.
    ///
    /// ```
    /// # use ipc_msgq::{Message, MessageType, Queue};
    /// let queue = Queue::private(0o600)?.owned();
    /// queue.send(&Message::new(MessageType::ONE, b"first"))?;
    /// queue.send(&Message::new(MessageType::ONE, b"second"))?;
    /// let mut message = Message::with_capacity(100);
    /// assert!(queue.peek(1, &mut message)?.is_some());
    /// assert_eq!(message.text(), b"second");
    /// assert!(queue.peek(2, &mut message)?.is_none());
    /// assert_eq!(queue.stat()?.messages, 2);
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ENOSYS`: this kernel was built without `CONFIG_CHECKPOINT_RESTORE`. `E2BIG`: longer than `message`'s capacity;
    /// the kernel does not cut a copy, so this applies to one made by [`Message::truncating`], too. `EINVAL`, `EACCES`:
    /// as in [`recv`](Self::recv).
    #[doc(alias = "MSG_COPY")]
    pub fn peek(&self, position: usize, message: &mut Message) -> Result<Option<()>> {
        let Ok(position) = position.try_into() else { return Ok(None) };
        match sys::msgrcv_copy(self.0.get(), message, position) {
            Err(Errno::ENOMSG) => Ok(None),
            peeked => peeked.call("msgrcv").map(Some).advise(Errno::ENOSYS, || {
                "this kernel cannot peek (CONFIG_CHECKPOINT_RESTORE is off): receive instead".into()
            }),
        }
    }

    /// Removes the queue and every message in it, at once, even while it is in use. Waiting calls fail with `EIDRM`. To
    /// lose nothing, see [`close_and_drain`](Self::close_and_drain).
    ///
    /// C: `int msgctl(int msqid, IPC_RMID, NULL);`
    /// — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
    ///
    /// ```
    /// # use ipc_msgq::Queue;
    /// let queue = Queue::private(0o600)?;
    /// queue.remove()?;
    /// assert_eq!(queue.remove().unwrap_err().to_string(), "msgctl: Invalid argument (EINVAL)");
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `EPERM`: the queue is another user's. `EINVAL` or `EIDRM`: it no longer exists.
    #[doc(alias = "msgctl")]
    #[doc(alias = "IPC_RMID")]
    pub fn remove(self) -> Result<()> {
        sys::msgctl_remove(self.0.get()).call("msgctl").advise(Errno::EPERM, || {
            format!("queue {} belongs to another user: only that user and root can remove it", self.0)
        })
    }

    /// Returns whether the queue no longer exists. `EINVAL` of another call may also mean a message over a limit.
    pub(crate) fn is_gone(self) -> bool {
        let stat = sys::msgctl_stat(self.0.get(), libc::IPC_STAT);
        matches!(stat, Err(Errno::EIDRM | Errno::EINVAL))
    }

    /// Returns the error of a refused call, as `EIDRM` if this queue [is gone](Self::is_gone): the kernel itself says
    /// `EIDRM` only to a call that slept.
    pub(crate) fn removed(self, mut error: Error) -> Error {
        if let Error::Os(refused) = &mut error {
            refused.errno = Errno::EIDRM;
            refused.advice = Some(format!(
                "queue {} was removed while in use: by ipcrm, or by logind at a logout (RemoveIPC=yes)",
                self.0
            ));
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;

    /// "Not now" has two names: EAGAIN from `msgsnd`, ENOMSG from `msgrcv`. [`Queue`] returns `None` for both.
    #[test]
    fn not_now_is_eagain_when_sending_and_enomsg_when_receiving() {
        let queue = Queue::create(Key::fresh(), 0o600).unwrap();
        let (id, mut message) = (queue.id().get(), Message::with_capacity(1));
        let empty = sys::msgrcv(id, &mut message, Select::Any.msgtyp(), libc::IPC_NOWAIT);
        let longest = queue.longest_text().unwrap();
        let message = Message::new(message.kind(), &vec![0; longest]);
        while queue.try_send(&message).unwrap().is_some() {}
        let full = sys::msgsnd(id, &message, libc::IPC_NOWAIT);
        queue.remove().unwrap();
        assert_eq!((empty, full), (Err(Errno::ENOMSG), Err(Errno::EAGAIN)));
    }
}
