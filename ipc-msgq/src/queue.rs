//! A queue of the kernel, call by call.

use std::ffi::c_int;
use std::fmt;

use ipc_core::{Advise, Call, Result};
use nix::errno::Errno;

use crate::Key;
use crate::sys::{self, Message, MessageType};

/// The kernel's number for a queue, as `ipcs` shows it under `msqid`. It means the same in every process, and is not
/// used again for a long time after the queue is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// A queue. This is a name and no more: dropping it does not remove the queue, since others may use it.
#[derive(Clone, Copy, Debug)]
pub struct Queue(QueueId);

/// What the kernel knows of a queue; a part of `struct msqid_ds`.
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    /// The key that it was made with.
    pub key: Option<Key>,
    /// Who made it.
    pub creator: libc::uid_t,
    /// Permission bits.
    pub mode: u32,
    /// Messages in the queue.
    pub messages: usize,
    /// Bytes of text in the queue.
    pub bytes: usize,
    /// How many bytes of text it may hold.
    pub capacity: usize,
    /// The time of the last `msgsnd`, in seconds since 1970; 0 if there was none yet.
    pub last_sent: i64,
}

impl Queue {
    /// Makes the queue of `key`, which must not exist, for those whom `mode` permits. The umask plays no part.
    ///
    /// C: `int msgget(key_t key, IPC_CREAT | IPC_EXCL | mode);`
    /// — [msgget(2)](https://man7.org/linux/man-pages/man2/msgget.2.html)
    ///
    /// # Errors
    /// `EEXIST`: there is a queue with this key. `ENOSPC`: the system has as many queues as it may.
    #[doc(alias = "msgget")]
    pub fn create(key: Key, mode: u32) -> Result<Self> {
        let flags = libc::IPC_CREAT | libc::IPC_EXCL | (mode & 0o777).cast_signed();
        let id = sys::msgget(key.get(), flags)
            .call("msgget")
            .advise(Errno::EEXIST, || {
                format!("choose another key, or remove that queue with: ipcrm -Q {key}")
            })
            .advise(Errno::ENOSPC, || {
                "kernel.msgmni limits the queues: see ipcs -q for what is left over".into()
            })?;
        Ok(Self(QueueId(id)))
    }

    /// The queue of `key`, which must exist.
    ///
    /// C: `int msgget(key_t key, 0);` — [msgget(2)](https://man7.org/linux/man-pages/man2/msgget.2.html)
    ///
    /// # Errors
    /// `ENOENT`: there is none. Permission is checked only when the queue is used.
    #[doc(alias = "msgget")]
    pub fn open(key: Key) -> Result<Self> {
        let id = sys::msgget(key.get(), 0)
            .call("msgget")
            .advise(Errno::ENOENT, || format!("no queue has key {key}"))?;
        Ok(Self(QueueId(id)))
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
    /// `kernel.msgmax`. `EINTR`: a signal came while it waited; nothing was sent. `EACCES`: no permission.
    #[doc(alias = "msgsnd")]
    pub fn send(&self, message: &Message) -> Result<()> {
        sys::msgsnd(self.0.get(), message, 0).call("msgsnd")
    }

    /// Sends `message` if there is room now; `None` if there is not.
    ///
    /// # Errors
    /// As [`send`](Self::send), but for `EINTR`.
    #[doc(alias = "msgsnd")]
    pub fn try_send(&self, message: &Message) -> Result<Option<()>> {
        match sys::msgsnd(self.0.get(), message, libc::IPC_NOWAIT) {
            Err(Errno::EAGAIN) => Ok(None),
            sent => sent.call("msgsnd").map(Some),
        }
    }

    /// Takes the oldest message of type `kind`, waiting for it.
    ///
    /// C: `ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, 0);`
    /// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
    ///
    /// # Errors
    /// `E2BIG`: it is longer than `message` has room; it stays in the queue. `EIDRM`: the queue was removed while
    /// this call waited; `EINVAL`: before that. `EINTR`: a signal came while it waited. `EACCES`: no permission.
    #[doc(alias = "msgrcv")]
    pub fn recv(&self, kind: MessageType, message: &mut Message) -> Result<()> {
        sys::msgrcv(self.0.get(), message, kind.get(), 0).call("msgrcv")
    }

    /// Takes the oldest message of type `kind` if there is one now; `None` if there is not.
    ///
    /// # Errors
    /// As [`recv`](Self::recv), but for `EINTR`.
    #[doc(alias = "msgrcv")]
    pub fn try_recv(&self, kind: MessageType, message: &mut Message) -> Result<Option<()>> {
        match sys::msgrcv(self.0.get(), message, kind.get(), libc::IPC_NOWAIT) {
            Err(Errno::ENOMSG) => Ok(None), // EAGAIN is msgsnd's word for it
            received => received.call("msgrcv").map(Some),
        }
    }

    /// What the kernel knows of the queue.
    ///
    /// C: `int msgctl(int msqid, IPC_STAT, struct msqid_ds *buf);`
    /// — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
    ///
    /// # Errors
    /// `EACCES`: no permission to read it. `EINVAL` or `EIDRM`: there is no such queue any more.
    #[doc(alias = "msgctl")]
    pub fn stat(&self) -> Result<Stat> {
        let stat = sys::msgctl_stat(self.0.get()).call("msgctl")?;
        Ok(Stat {
            key: Key::new(stat.msg_perm.__key),
            creator: stat.msg_perm.cuid,
            mode: u32::from(stat.msg_perm.mode) & 0o777,
            messages: stat.msg_qnum as usize,
            bytes: stat.__msg_cbytes as usize,
            capacity: stat.msg_qbytes as usize,
            last_sent: stat.msg_stime,
        })
    }

    /// The longest text that one message of this queue can have, in bytes: `kernel.msgmax`, or the whole queue if
    /// that holds less.
    ///
    /// # Errors
    /// As [`stat`](Self::stat); or `/proc/sys/kernel/msgmax` cannot be read.
    pub fn longest_text(&self) -> Result<usize> {
        let msgmax = std::fs::read_to_string("/proc/sys/kernel/msgmax").call("open")?;
        Ok(self.stat()?.capacity.min(msgmax.trim().parse().unwrap_or(usize::MAX)))
    }

    /// Removes the queue and every message in it, at once, whoever uses it. Those who wait get `EIDRM`.
    ///
    /// C: `int msgctl(int msqid, IPC_RMID, NULL);`
    /// — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
    ///
    /// # Errors
    /// `EPERM`: it is another user's. `EINVAL` or `EIDRM`: there is no such queue any more.
    #[doc(alias = "msgctl")]
    pub fn remove(self) -> Result<()> {
        sys::msgctl_remove(self.0.get()).call("msgctl")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Not now" has two names: EAGAIN from `msgsnd`, ENOMSG from `msgrcv`. [`Queue`] says `None` for both.
    #[test]
    fn not_now_is_eagain_when_sending_and_enomsg_when_receiving() {
        let queue = Queue::create(Key::fresh(), 0o600).unwrap();
        let (id, mut message) = (queue.id().get(), Message::with_capacity(1));
        let empty = sys::msgrcv(id, &mut message, 1, libc::IPC_NOWAIT);
        let longest = queue.longest_text().unwrap();
        let message = Message::new(message.kind(), &vec![0; longest]);
        while queue.try_send(&message).unwrap().is_some() {}
        let full = sys::msgsnd(id, &message, libc::IPC_NOWAIT);
        queue.remove().unwrap();
        assert_eq!((empty, full), (Err(Errno::ENOMSG), Err(Errno::EAGAIN)));
    }
}
