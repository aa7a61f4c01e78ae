//! A POSIX queue: to send, to receive, to look, to be told.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ipc_core::{Advise, Call, Result};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::time::TimeSpec;

use super::Attributes;
use crate::sys;

/// How urgent a message is: from 0 to 32767. The kernel hands out the highest first.
pub type Priority = u32;

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
/// # use ipc_msgq::posix::{Access, Attributes, PosixQueue, PosixName};
/// let name = PosixName::fresh();
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
pub struct PosixQueue(pub(super) File);

impl PosixQueue {
    /// Sends `message` if there is room within `patience`; `None` if there is not.
    ///
    /// C: `int mq_timedsend(mqd_t mqdes, const char *msg, size_t len, unsigned int prio, const struct timespec *abs);`
    /// — [mq_send(3)](https://man7.org/linux/man-pages/man3/mq_send.3.html)
    ///
    /// ```
    /// # use ipc_msgq::posix::{Access, Attributes, PosixQueue, PosixName};
    /// # let name = PosixName::fresh();
    /// # let small = Attributes { capacity: 2, longest: 16, messages: 0 };
    /// # let inbound = PosixQueue::create(&name, Access::Receive, small, 0o600)?;
    /// # let outbound = PosixQueue::open(&name, Access::Send)?;
    /// # PosixQueue::unlink(&name)?;
    /// # use std::time::Duration;
    /// let soon = Duration::from_millis(10);
    /// assert_eq!(outbound.send_within(b"one", 0, soon)?, Some(()));
    /// assert_eq!(outbound.send_within(b"two", 0, soon)?, Some(()));
    /// assert_eq!(outbound.send_within(b"three", 0, soon)?, None); // it holds two
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
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
    /// C: `mq_timedsend` with a moment long past, which does what `mq_send` does on a descriptor with `O_NONBLOCK`
    /// — [mq_send(3)](https://man7.org/linux/man-pages/man3/mq_send.3.html)
    ///
    /// ```
    /// # use ipc_msgq::posix::{Access, Attributes, PosixQueue, PosixName};
    /// # let name = PosixName::fresh();
    /// # let small = Attributes { capacity: 2, longest: 16, messages: 0 };
    /// # let inbound = PosixQueue::create(&name, Access::Receive, small, 0o600)?;
    /// # let outbound = PosixQueue::open(&name, Access::Send)?;
    /// # PosixQueue::unlink(&name)?;
    /// assert_eq!(outbound.try_send(b"text", 0)?, Some(()));
    /// let error = outbound.try_send(&[0; 17], 0).unwrap_err().to_string();
    /// assert_eq!(error, "mq_timedsend: Message too long (EMSGSIZE)");
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
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
    /// ```
    /// # use ipc_msgq::posix::{Access, Attributes, PosixQueue, PosixName};
    /// # let name = PosixName::fresh();
    /// # let small = Attributes { capacity: 2, longest: 16, messages: 0 };
    /// # let inbound = PosixQueue::create(&name, Access::Receive, small, 0o600)?;
    /// # let outbound = PosixQueue::open(&name, Access::Send)?;
    /// # PosixQueue::unlink(&name)?;
    /// # use std::time::Duration;
    /// let mut buffer = vec![0; inbound.attributes()?.longest];
    /// assert_eq!(inbound.recv_within(&mut buffer, Duration::from_millis(10))?, None);
    /// outbound.try_send(b"text", 7)?;
    /// let received = inbound.recv_within(&mut buffer, Duration::from_millis(10))?.unwrap();
    /// assert_eq!((&buffer[..received.len], received.priority), (&b"text"[..], 7));
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
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
    /// C: `mq_timedreceive` with a moment long past, which does what `mq_receive` does on a descriptor with `O_NONBLOCK`
    /// — [mq_receive(3)](https://man7.org/linux/man-pages/man3/mq_receive.3.html)
    ///
    /// ```
    /// # use ipc_msgq::posix::{Access, Attributes, PosixQueue, PosixName};
    /// # let name = PosixName::fresh();
    /// # let small = Attributes { capacity: 2, longest: 16, messages: 0 };
    /// # let inbound = PosixQueue::create(&name, Access::Receive, small, 0o600)?;
    /// # let outbound = PosixQueue::open(&name, Access::Send)?;
    /// # PosixQueue::unlink(&name)?;
    /// assert_eq!(inbound.try_recv(&mut [0; 16])?, None);
    /// let error = inbound.try_recv(&mut [0; 15]).unwrap_err().to_string();
    /// assert_eq!(error, "mq_timedreceive: Message too long (EMSGSIZE)"); // the buffer is too small
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
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
    /// ```
    /// # use ipc_msgq::posix::{Access, Attributes, PosixQueue, PosixName};
    /// # let name = PosixName::fresh();
    /// # let small = Attributes { capacity: 2, longest: 16, messages: 0 };
    /// # let inbound = PosixQueue::create(&name, Access::Receive, small, 0o600)?;
    /// # let outbound = PosixQueue::open(&name, Access::Send)?;
    /// # PosixQueue::unlink(&name)?;
    /// outbound.try_send(b"text", 0)?;
    /// assert_eq!(inbound.attributes()?, Attributes { capacity: 2, longest: 16, messages: 1 });
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
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
    /// ```
    /// # use ipc_msgq::posix::{Access, Attributes, PosixQueue, PosixName};
    /// # let name = PosixName::fresh();
    /// # let small = Attributes { capacity: 2, longest: 16, messages: 0 };
    /// # let inbound = PosixQueue::create(&name, Access::Receive, small, 0o600)?;
    /// # let outbound = PosixQueue::open(&name, Access::Send)?;
    /// # PosixQueue::unlink(&name)?;
    /// # use nix::sys::signal::Signal;
    /// inbound.notify(Some(Signal::SIGURG))?; // one that does nothing unless a program has use for it
    /// let error = outbound.notify(Some(Signal::SIGURG)).unwrap_err().to_string();
    /// assert!(error.starts_with("mq_notify: Device or resource busy (EBUSY); "));
    /// inbound.notify(None)?;
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `EBUSY`: somebody has asked already, this process or another, and only one can.
    #[doc(alias = "mq_notify")]
    pub fn notify(&self, signal: Option<Signal>) -> Result<()> {
        sys::mq_notify(self.as_fd(), signal)
            .call("mq_notify")
            .advise(Errno::EBUSY, || "one process can be notified, and one is registered already".into())
    }
}

/// A queue's descriptor polls: readable while there is a message, writable while there is room.
impl AsFd for PosixQueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Later than this the kernel's clock cannot be set; it is the year 2262.
const END_OF_TIME: Duration = Duration::from_nanos(i64::MAX as u64);

/// Repeats `call` while signals interrupt it, up to a moment that is `patience` away; `None` when that has come.
fn not_in_time<T>(
    patience: Duration,
    mut call: impl FnMut(&TimeSpec) -> nix::Result<T>,
) -> nix::Result<Option<T>> {
    let until = if patience.is_zero() {
        Duration::ZERO // 1970: the kernel does not even put the thread to sleep
    } else {
        // One too long for the clock never ends.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        now.saturating_add(patience).min(END_OF_TIME)
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
