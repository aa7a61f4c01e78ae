//! The kernel's record of a queue, and the changes it allows.

use std::time::{Duration, SystemTime};

use ipc_core::{Advise, Call, IpcPerm, Result};
use nix::errno::Errno;

use crate::{Key, Limits, Queue, list, sys};

/// The kernel's record of a queue: every field of `struct msqid_ds`.
///
/// Process ids are those of this process's pid namespace; one from outside it is not shown. They name the *last*
/// processes to use the queue. Such a process may have ended since, and its id may belong to another by now. That of
/// the last receiver may be a [thread's](Self::last_receiver).
///
/// ```
/// # use ipc_msgq::{Message, MessageType, Queue};
/// let queue = Queue::private(0o600)?.owned();
/// queue.send(&Message::new(MessageType::ONE, b"text"))?;
/// let stat = queue.stat()?;
/// assert_eq!((stat.messages, stat.bytes, stat.mode), (1, 4, 0o600));
/// assert_eq!(stat.last_sender, Some(std::process::id()));
/// assert!(stat.last_sent.is_some() && stat.last_received.is_none());
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "msqid_ds")]
pub struct Stat {
    /// The key that it was made with; `None` for a [private](Queue::private) one.
    pub key: Option<Key>,
    /// The user to whom the mode's first three bits apply.
    pub owner: libc::uid_t,
    /// The group to which the next three apply.
    pub group: libc::gid_t,
    /// The user that made it, which always keeps the owner's rights.
    pub creator: libc::uid_t,
    /// The group of the process that made it.
    pub creator_group: libc::gid_t,
    /// Permission bits: 4 to receive, 2 to send; 1 means nothing.
    pub mode: u32,
    /// The number of earlier uses of its slot in the kernel's table. A part of the id.
    pub sequence: u32,
    /// Messages in the queue.
    pub messages: usize,
    /// Bytes of text in the queue.
    pub bytes: usize,
    /// The number of bytes of text it may hold, and the number of messages.
    pub capacity: usize,
    /// The process that sent last.
    pub last_sender: Option<u32>,
    /// The process that received last, if its message was already in the queue. If it slept until a message came, the
    /// *thread* that slept: the kernel records the id by which the sender woke it, which msgctl(2) does not mention. In
    /// a single-threaded process the two are the same. Otherwise the id may be unused, or another's, before the process
    /// has ended.
    ///
    /// ```
    /// # use ipc_msgq::{Message, MessageType, Queue, Select};
    /// let queue = Queue::private(0o600)?.owned();
    /// let receive = || {
    ///     queue.recv(Select::Any, &mut Message::with_capacity(1))?;
    ///     Ok::<_, ipc_core::Error>(nix::unistd::gettid())
    /// };
    /// let thread = std::thread::scope(|scope| {
    ///     let receiver = scope.spawn(receive);
    ///     std::thread::sleep(std::time::Duration::from_millis(100)); // until it sleeps
    ///     queue.send(&Message::new(MessageType::ONE, b""))?;
    ///     receiver.join().expect("it does not panic")
    /// })?;
    /// let process = std::process::id();
    /// let last = queue.stat()?.last_receiver;
    /// assert!(last == Some(thread.as_raw() as u32) || last == Some(process), "process: it came too late to sleep");
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    pub last_receiver: Option<u32>,
    /// The time at which a message was last sent, in whole seconds.
    pub last_sent: Option<SystemTime>,
    /// The time at which a message was last received, in whole seconds.
    pub last_received: Option<SystemTime>,
    /// The time at which it was made or last [changed](Queue::set), in whole seconds.
    pub last_changed: SystemTime,
}

impl Stat {
    pub(crate) fn new(stat: &libc::msqid_ds) -> Self {
        let IpcPerm { key, owner, group, creator, creator_group, mode, sequence } = (&stat.msg_perm).into();
        Self {
            key,
            owner,
            group,
            creator,
            creator_group,
            mode: mode & 0o777,
            sequence,
            messages: stat.msg_qnum as usize,
            bytes: stat.__msg_cbytes as usize,
            capacity: stat.msg_qbytes as usize,
            last_sender: process(stat.msg_lspid),
            last_receiver: process(stat.msg_lrpid),
            last_sent: time(stat.msg_stime),
            last_received: time(stat.msg_rtime),
            last_changed: time(stat.msg_ctime).unwrap_or(SystemTime::UNIX_EPOCH),
        }
    }
}

/// Converts a process id, where 0 means "none yet, or one that cannot be seen from here".
pub(crate) fn process(pid: libc::pid_t) -> Option<u32> {
    u32::try_from(pid).ok().filter(|pid| *pid != 0)
}

/// Converts seconds since 1970, where 0 means "never".
pub(crate) fn time(seconds: i64) -> Option<SystemTime> {
    let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds != 0)?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

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
            format!("queue {} does not permit you to read it; `ipc-msgq ls` shows it anyway", self.id())
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
