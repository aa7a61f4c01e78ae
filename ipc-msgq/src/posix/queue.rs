//! A POSIX queue, call by call.

use std::fs::{File, Permissions};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ipc_core::{Advise, Call, Result};
use nix::errno::Errno;
use nix::mqueue::{MQ_OFlag, MqAttr, mq_open, mq_unlink};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::sys::time::TimeSpec;

use super::QueueName;
use crate::sys;

/// How urgent a message is: from 0 to 32767. The kernel hands out the highest first.
pub type Priority = u32;

/// What a descriptor is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To receive.
    Receive,
    /// To send.
    Send,
}

/// `struct mq_attr`: how large a queue is, and how full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// How many messages it holds.
    pub capacity: usize,
    /// The longest message, in bytes.
    pub longest: usize,
    /// How many messages are in it.
    pub messages: usize,
}

/// A received message: its length in bytes, and its priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Length, in bytes.
    pub len: usize,
    /// Priority.
    pub priority: Priority,
}

/// A descriptor of a queue. Dropping it closes the descriptor; the queue lives on under its name, until somebody
/// [unlinks](Self::unlink) that.
///
/// ```
/// # use ipc_msgq::posix::{Access, Attributes, PosixQueue, QueueName};
/// let name = QueueName::fresh();
/// let inbound = PosixQueue::create(&name, Access::Receive, Attributes::of_the_system()?, 0o600)?;
/// let outbound = PosixQueue::open(&name, Access::Send)?;
/// PosixQueue::unlink(&name)?; // both have it open: from here on nothing can be left behind
/// outbound.try_send(b"soon", 1)?;
/// outbound.try_send(b"now", 2)?;
/// let mut buffer = vec![0; inbound.attributes()?.longest];
/// let first = inbound.try_recv(&mut buffer)?.unwrap();
/// assert_eq!((&buffer[..first.len], first.priority), (&b"now"[..], 2));
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Debug)]
pub struct PosixQueue(File);

impl Attributes {
    /// The longest messages that this system allows, and as many of them as it gives by default: 10 of 8192 bytes,
    /// unless `/proc/sys/fs/mqueue` says otherwise.
    ///
    /// # Errors
    /// A file there cannot be read: `/proc` is not mounted, or the kernel has no POSIX queues.
    pub fn of_the_system() -> Result<Self> {
        let limit = |name| -> Result<usize> {
            let text = std::fs::read_to_string(format!("/proc/sys/fs/mqueue/{name}")).call("open")?;
            Ok(text.trim().parse().unwrap_or(usize::MAX))
        };
        let capacity = limit("msg_default")?.min(limit("msg_max")?);
        Ok(Self { capacity, longest: limit("msgsize_max")?, messages: 0 })
    }
}

impl PosixQueue {
    /// Makes the queue `name`, which must not exist, as large as `attributes` say, for those whom `mode` permits. The
    /// umask plays no part.
    ///
    /// C: `mqd_t mq_open(const char *name, O_CREAT | O_EXCL | O_CLOEXEC, mode_t mode, struct mq_attr *attr);`
    /// — [mq_open(3)](https://man7.org/linux/man-pages/man3/mq_open.3.html)
    ///
    /// # Errors
    /// `EEXIST`: there is one of this name. `EINVAL`: more or longer messages than `fs.mqueue` allows. `EMFILE`: the
    /// user's queues would take more than `ulimit -q` bytes, or this process has no descriptor left. `ENOSPC`: the
    /// system has as many queues as it may.
    #[doc(alias = "mq_open")]
    pub fn create(name: &QueueName, access: Access, attributes: Attributes, mode: u32) -> Result<Self> {
        let flags = MQ_OFlag::O_CREAT | MQ_OFlag::O_EXCL;
        let attr = MqAttr::new(0, attributes.capacity as i64, attributes.longest as i64, 0);
        let queue = Self::open_with(name, access, flags, Some(&attr))
            .advise(Errno::EEXIST, || {
                "choose another name, or remove that queue with: rm /dev/mqueue/…".into()
            })
            .advise(Errno::EINVAL, || "see /proc/sys/fs/mqueue/msg_max and msgsize_max".into())
            .advise(Errno::EMFILE, || {
                "all queues of a user share an allowance (ulimit -q): end other programs, or raise it".into()
            })?;
        // Made with no permission for anyone, and only now with those asked for: exactly these, whatever the umask.
        let permitted = queue.0.set_permissions(Permissions::from_mode(mode & 0o777)).call("fchmod");
        permitted.inspect_err(|_| drop(Self::unlink(name)))?;
        Ok(queue)
    }

    /// The queue `name`, which must exist.
    ///
    /// C: `mqd_t mq_open(const char *name, O_RDONLY | O_CLOEXEC);`
    /// — [mq_open(3)](https://man7.org/linux/man-pages/man3/mq_open.3.html)
    ///
    /// # Errors
    /// `ENOENT`: there is none. `EACCES`: no permission.
    #[doc(alias = "mq_open")]
    pub fn open(name: &QueueName, access: Access) -> Result<Self> {
        Self::open_with(name, access, MQ_OFlag::empty(), None)
            .advise(Errno::ENOENT, || format!("there is no queue {name}"))
    }

    fn open_with(name: &QueueName, access: Access, flags: MQ_OFlag, attr: Option<&MqAttr>) -> Result<Self> {
        let access = match access {
            Access::Receive => MQ_OFlag::O_RDONLY,
            Access::Send => MQ_OFlag::O_WRONLY,
        };
        let opened = mq_open(name.as_str(), access | flags | MQ_OFlag::O_CLOEXEC, Mode::empty(), attr);
        opened.map(|queue| Self(File::from(sys::own_queue(queue)))).call("mq_open")
    }

    /// Removes the name. The queue itself goes when the last descriptor of it is closed.
    ///
    /// C: `int mq_unlink(const char *name);` — [mq_unlink(3)](https://man7.org/linux/man-pages/man3/mq_unlink.3.html)
    ///
    /// # Errors
    /// `ENOENT`: there is no such queue. `EACCES`: it is another user's.
    #[doc(alias = "mq_unlink")]
    pub fn unlink(name: &QueueName) -> Result<()> {
        match mq_unlink(name.as_str()) {
            Err(Errno::EPERM) => Err(Errno::EACCES), // as the manual page has it
            unlinked => unlinked,
        }
        .call("mq_unlink")
    }

    /// Sends `message` if there is room within `patience`; `None` if there is not.
    ///
    /// C: `int mq_timedsend(mqd_t mqdes, const char *msg, size_t len, unsigned int prio, const struct timespec *abs);`
    /// — [mq_send(3)](https://man7.org/linux/man-pages/man3/mq_send.3.html)
    ///
    /// # Errors
    /// `EMSGSIZE`: it is longer than this queue takes. `EINVAL`: no such priority. `EBADF`: opened to receive.
    #[doc(alias = "mq_timedsend")]
    pub fn send_within(&self, message: &[u8], priority: Priority, patience: Duration) -> Result<Option<()>> {
        not_in_time(patience, |until| sys::mq_timedsend(self.as_fd(), message, priority, until))
            .call("mq_timedsend")
    }

    /// Sends `message` if there is room now; `None` if there is not.
    ///
    /// # Errors
    /// As [`send_within`](Self::send_within).
    #[doc(alias = "mq_send")]
    pub fn try_send(&self, message: &[u8], priority: Priority) -> Result<Option<()>> {
        self.send_within(message, priority, Duration::ZERO)
    }

    /// Takes the oldest message of the highest priority if there is one within `patience`; `None` if there is not.
    /// `buffer` must have room for the longest message of this queue, however long the next one is.
    ///
    /// C: `ssize_t mq_timedreceive(mqd_t mqdes, char *msg, size_t len, unsigned int *prio, const struct timespec *abs);`
    /// — [mq_receive(3)](https://man7.org/linux/man-pages/man3/mq_receive.3.html)
    ///
    /// # Errors
    /// `EMSGSIZE`: `buffer` is too small for this queue. `EBADF`: opened to send.
    #[doc(alias = "mq_timedreceive")]
    pub fn recv_within(&self, buffer: &mut [u8], patience: Duration) -> Result<Option<Received>> {
        not_in_time(patience, |until| sys::mq_timedreceive(self.as_fd(), buffer, until))
            .map(|received| received.map(|(len, priority)| Received { len, priority }))
            .call("mq_timedreceive")
    }

    /// Takes the oldest message of the highest priority if there is one now; `None` if there is not.
    ///
    /// # Errors
    /// As [`recv_within`](Self::recv_within).
    #[doc(alias = "mq_receive")]
    pub fn try_recv(&self, buffer: &mut [u8]) -> Result<Option<Received>> {
        self.recv_within(buffer, Duration::ZERO)
    }

    /// How large the queue is, and how full.
    ///
    /// C: `int mq_getattr(mqd_t mqdes, struct mq_attr *attr);`
    /// — [mq_getattr(3)](https://man7.org/linux/man-pages/man3/mq_getattr.3.html)
    ///
    /// # Errors
    /// None that this type leaves room for.
    #[doc(alias = "mq_getattr")]
    pub fn attributes(&self) -> Result<Attributes> {
        let attr = sys::mq_getattr(self.as_fd()).call("mq_getattr")?;
        let number = |value: i64| usize::try_from(value).unwrap_or(0);
        Ok(Attributes {
            capacity: number(attr.maxmsg()),
            longest: number(attr.msgsize()),
            messages: number(attr.curmsgs()),
        })
    }

    /// Has the kernel send `signal` to this process when a message comes into the *empty* queue and nobody waits in a
    /// receive. Once: then ask again, and only after that empty the queue, or one may slip in between. `None` takes
    /// the wish back, and so does closing *any* descriptor that this process has of the queue.
    ///
    /// C: `int mq_notify(mqd_t mqdes, const struct sigevent *sevp);`
    /// — [mq_notify(3)](https://man7.org/linux/man-pages/man3/mq_notify.3.html)
    ///
    /// # Errors
    /// `EBUSY`: somebody has asked already, this process or another, and only one can.
    #[doc(alias = "mq_notify")]
    pub fn notify(&self, signal: Option<Signal>) -> Result<()> {
        sys::mq_notify(self.as_fd(), signal)
            .call("mq_notify")
            .advise(Errno::EBUSY, || "one process can be notified, and one is registered already".into())
    }

    /// Device and inode, which tell this queue from any other that has or had its name; and its owner's user id.
    pub(super) fn identity(&self) -> Result<(u64, u64, u32)> {
        let meta = self.0.metadata().call("fstat")?;
        Ok((meta.dev(), meta.ino(), meta.uid()))
    }

    /// Locks the queue for this descriptor. The lock goes with the last copy of the descriptor, so at the latest with
    /// the process.
    pub(super) fn lock(&self) -> Result<()> {
        self.0.lock().call("flock")
    }

    /// Whether some other descriptor holds the lock.
    pub(super) fn is_locked_by_another(&self) -> bool {
        // Shared: two that ask at once do not take each other for the one who holds it.
        let locked = self.0.try_lock_shared().is_err();
        if !locked {
            let _ = self.0.unlock(); // it cannot fail: this descriptor holds the lock
        }
        locked
    }
}

/// A queue's descriptor polls: readable while there is a message, writable while there is room.
impl AsFd for PosixQueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Repeats `call` while signals interrupt it, up to a moment that is `patience` away; `None` when that has come.
fn not_in_time<T>(
    patience: Duration,
    mut call: impl FnMut(&TimeSpec) -> nix::Result<T>,
) -> nix::Result<Option<T>> {
    let until = if patience.is_zero() {
        Duration::ZERO // 1970: the kernel does not even put the thread to sleep
    } else {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + patience
    };
    let until = TimeSpec::from_duration(until);
    loop {
        match call(&until) {
            Err(Errno::EINTR) => {}
            Err(Errno::ETIMEDOUT) => return Ok(None),
            done => return done.map(Some),
        }
    }
}
