//! A queue of the kernel: to open it, to send, to receive, to look, to remove.

use std::ffi::c_int;
use std::fmt;

use ipc_core::{Advise, Call, Result};
use nix::errno::Errno;

use crate::{Key, Message, Select, sys};

/// The kernel's number for a queue, as `ipcs` shows it under `msqid`. It means the same in every process, and is not
/// used again for a long time after the queue is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId(c_int);

impl QueueId {
    /// The id that another process told.
    #[must_use]
    pub const fn new(number: c_int) -> Self {
        Self(number)
    }

    /// The number.
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

/// What a process means to do with a queue: asked of the kernel by [`Queue::open_for`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To receive and to ask for the [`Stat`](crate::Stat).
    Read = 0o400,
    /// To send.
    Write = 0o200,
    /// Both.
    ReadWrite = 0o600,
}

/// A queue. This is a name and no more: dropping it does not remove the queue, since others may use it. For one that
/// goes with its owner, see [`OwnedQueue`](crate::OwnedQueue).
///
/// All calls can be made from many threads and processes at once. The kernel does one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Queue(QueueId);

impl Queue {
    /// Makes the queue of `key`, which must not exist, for those whom `mode` permits. The umask plays no part.
    ///
    /// C: `int msgget(key_t key, IPC_CREAT | IPC_EXCL | mode);`
    /// — [msgget(2)](https://man7.org/linux/man-pages/man2/msgget.2.html)
    ///
    /// ```
    /// # use ipc_msgq::{Key, Queue};
    /// let key = Key::fresh();
    /// let queue = Queue::create(key, 0o600)?.owned();
    /// let error = Queue::create(key, 0o600).unwrap_err().to_string();
    /// assert!(error.starts_with("msgget: File exists (EEXIST); "));
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `EEXIST`: there is a queue with this key. `ENOSPC`: the system has as many queues as it may. `ENOMEM`: it has
    /// no memory for one more.
    #[doc(alias = "msgget")]
    #[doc(alias = "IPC_EXCL")]
    pub fn create(key: Key, mode: u32) -> Result<Self> {
        get(key.get(), libc::IPC_CREAT | libc::IPC_EXCL | bits(mode))
    }

    /// The queue of `key`, made with `mode` if there is none yet. Two processes may do this at once: both get the
    /// same queue. What was there before keeps its own mode, and may hold messages that nobody meant for this run.
    ///
    /// C: `int msgget(key_t key, IPC_CREAT | mode);`
    /// — [msgget(2)](https://man7.org/linux/man-pages/man2/msgget.2.html)
    ///
    /// ```
    /// # use ipc_msgq::{Key, Queue};
    /// let key = Key::fresh();
    /// let queue = Queue::open_or_create(key, 0o600)?.owned();
    /// assert_eq!(*queue, Queue::open_or_create(key, 0o600)?); // the same key, the same queue
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `EACCES`: there is one, and it does not permit this user what `mode` says. `ENOSPC` and `ENOMEM` as in
    /// [`create`](Self::create).
    #[doc(alias = "msgget")]
    #[doc(alias = "IPC_CREAT")]
    pub fn open_or_create(key: Key, mode: u32) -> Result<Self> {
        get(key.get(), libc::IPC_CREAT | bits(mode))
    }

    /// The queue of `key`, which must exist. Permission is checked only when the queue is used.
    ///
    /// C: `int msgget(key_t key, 0);` — [msgget(2)](https://man7.org/linux/man-pages/man2/msgget.2.html)
    ///
    /// # Errors
    /// `ENOENT`: there is none.
    #[doc(alias = "msgget")]
    pub fn open(key: Key) -> Result<Self> {
        get(key.get(), 0).advise(Errno::ENOENT, || format!("no queue has key {key}"))
    }

    /// The queue of `key`, which must exist and permit `access`.
    ///
    /// C: `int msgget(key_t key, access);` — [msgget(2)](https://man7.org/linux/man-pages/man2/msgget.2.html)
    ///
    /// # Errors
    /// `ENOENT`: there is none. `EACCES`: it is there, but not for this user.
    #[doc(alias = "msgget")]
    pub fn open_for(key: Key, access: Access) -> Result<Self> {
        get(key.get(), access as c_int).advise(Errno::ENOENT, || format!("no queue has key {key}"))
    }

    /// Makes a queue without a key. Others can use it only if they are told its id (a child, by its command line).
    ///
    /// C: `int msgget(IPC_PRIVATE, mode);` — [msgget(2)](https://man7.org/linux/man-pages/man2/msgget.2.html)
    ///
    /// # Errors
    /// `ENOSPC` and `ENOMEM` as in [`create`](Self::create).
    #[doc(alias = "IPC_PRIVATE")]
    pub fn private(mode: u32) -> Result<Self> {
        get(libc::IPC_PRIVATE, bits(mode))
    }

    /// The queue with the id `id`, which need not exist.
    #[must_use]
    pub const fn from_id(id: QueueId) -> Self {
        Self(id)
    }

    /// The kernel's number for it.
    #[must_use]
    pub const fn id(&self) -> QueueId {
        self.0
    }

    /// Sends `message`, waiting for room.
    ///
    /// C: `int msgsnd(int msqid, const void *msgp, size_t msgsz, 0);`
    /// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
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
    /// # Errors
    /// As [`send`](Self::send), but for `EINTR` and `EIDRM`.
    #[doc(alias = "msgsnd")]
    #[doc(alias = "IPC_NOWAIT")]
    #[inline]
    pub fn try_send(&self, message: &Message) -> Result<Option<()>> {
        match sys::msgsnd(self.0.get(), message, libc::IPC_NOWAIT) {
            Err(Errno::EAGAIN) => Ok(None),
            sent => sent.call("msgsnd").map(Some),
        }
    }

    /// Takes the oldest message that `select` fits, waiting for it.
    ///
    /// C: `ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, int msgflg);`
    /// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
    ///
    /// # Errors
    /// `E2BIG`: it is longer than `message` has room; it stays in the queue. `EIDRM`: the queue was removed while
    /// this call waited; `EINVAL`: before that. `EINTR`: a signal came while it waited. `EACCES`: no permission.
    #[doc(alias = "msgrcv")]
    #[inline]
    pub fn recv(&self, select: impl Into<Select>, message: &mut Message) -> Result<()> {
        sys::msgrcv(self.0.get(), message, select.into().msgtyp(), 0).call("msgrcv")
    }

    /// Takes the oldest message that `select` fits if there is one now; `None` if there is not.
    ///
    /// # Errors
    /// As [`recv`](Self::recv), but for `EINTR` and `EIDRM`.
    #[doc(alias = "msgrcv")]
    #[doc(alias = "IPC_NOWAIT")]
    #[inline]
    pub fn try_recv(&self, select: impl Into<Select>, message: &mut Message) -> Result<Option<()>> {
        match sys::msgrcv(self.0.get(), message, select.into().msgtyp(), libc::IPC_NOWAIT) {
            Err(Errno::ENOMSG) => Ok(None), // EAGAIN is msgsnd's word for it
            received => received.call("msgrcv").map(Some),
        }
    }

    /// Copies the message at `position`, counted from 0 at the oldest, and leaves it there; `None` beyond the last.
    ///
    /// C: `ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long position, MSG_COPY | IPC_NOWAIT);`
    /// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
    ///
    /// By the next call others may have taken messages from before it: then a position is another message's.
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
    /// `ENOSYS`: this kernel cannot (it was built without `CONFIG_CHECKPOINT_RESTORE`). `E2BIG`: longer than
    /// `message` has room; the kernel does not cut a copy, so that this is also the answer for one made by
    /// [`Message::truncating`]. `EINVAL`, `EACCES`: as in [`recv`](Self::recv).
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

    /// Removes the queue and every message in it, at once, whoever uses it. Those who wait get `EIDRM`. To lose
    /// nothing, see [`close_and_drain`](Self::close_and_drain).
    ///
    /// C: `int msgctl(int msqid, IPC_RMID, NULL);`
    /// — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
    ///
    /// # Errors
    /// `EPERM`: it is another user's. `EINVAL` or `EIDRM`: there is no such queue any more.
    #[doc(alias = "msgctl")]
    #[doc(alias = "IPC_RMID")]
    pub fn remove(self) -> Result<()> {
        sys::msgctl_remove(self.0.get()).call("msgctl").advise(Errno::EPERM, || {
            format!("queue {} belongs to another user, who can remove it (or root)", self.0)
        })
    }
}

const fn bits(mode: u32) -> c_int {
    (mode & 0o777).cast_signed()
}

fn get(key: libc::key_t, flags: c_int) -> Result<Queue> {
    let id = sys::msgget(key, flags)
        .call("msgget")
        .advise(Errno::EEXIST, || {
            format!("choose another key, or remove that queue with: ipcrm -Q {key:#010x}")
        })
        .advise(Errno::EACCES, || {
            format!("the queue with key {key:#010x} is there, but its mode keeps you out")
        })
        .advise(Errno::ENOSPC, || {
            "kernel.msgmni limits the queues: see ipcs -q for what is left over, and remove it with ipcrm -q"
                .into()
        })?;
    Ok(Queue(QueueId(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Not now" has two names: EAGAIN from `msgsnd`, ENOMSG from `msgrcv`. [`Queue`] says `None` for both.
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
