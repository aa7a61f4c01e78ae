//! A POSIX queue: send, receive, inspect, be notified.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use ipc_core::{Advise, Call, Deadline, Result, retry_on_eintr, wait_readable, wait_writable};
use nix::errno::Errno;
use nix::sys::signal::Signal;

use super::Attributes;
use crate::sys::{self, MqWait};

/// The priority of a message: from 0 to 32767. The kernel delivers the highest first.
pub type Priority = u32;

/// A received message: its length in bytes, and its priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Length, in bytes.
    pub len: usize,
    /// Priority.
    pub priority: Priority,
}

impl From<(usize, Priority)> for Received {
    fn from((len, priority): (usize, Priority)) -> Self {
        Self { len, priority }
    }
}

/// A descriptor of a queue. Dropping it closes the descriptor; the queue lives on under its name, until that is
/// [unlinked](Self::unlink).
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
    /// Sends `message`, waiting for room.
    ///
    /// C: `int mq_send(mqd_t mqdes, const char *msg, size_t len, unsigned int prio);`
    /// — [mq_send(3)](https://man7.org/linux/man-pages/man3/mq_send.3.html)
    ///
    /// ```
    /// # use ipc_msgq::posix::{Access, Attributes, PosixQueue, PosixName};
    /// # let name = PosixName::fresh();
    /// # let small = Attributes { capacity: 2, longest: 16, messages: 0 };
    /// # let inbound = PosixQueue::create(&name, Access::Receive, small, 0o600)?;
    /// # let outbound = PosixQueue::open(&name, Access::Send)?;
    /// # PosixQueue::unlink(&name)?;
    /// outbound.send(b"text", 0)?;
    /// assert_eq!(inbound.attributes()?.messages, 1);
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `EMSGSIZE`: the message is longer than this queue allows. `EINVAL`: no such priority. `EBADF`: opened to
    /// receive. `EINTR`: a signal came while it waited; nothing was sent.
    #[doc(alias = "mq_send")]
    #[inline]
    pub fn send(&self, message: &[u8], priority: Priority) -> Result<()> {
        sys::mq_timedsend(self.as_fd(), message, priority, MqWait::Yes).call("mq_timedsend")
    }

    /// Sends `message` if there is room within `timeout`; `None` if there is not.
    ///
    /// Does not use `mq_timedsend`, whose time limit is a moment of the wall clock: if that clock is set back
    /// meanwhile, the call waits longer by the same amount. `poll(2)` uses the monotonic clock.
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
    /// As [`send`](Self::send), except `EINTR`.
    #[doc(alias = "mq_timedsend")]
    pub fn send_within(&self, message: &[u8], priority: Priority, timeout: Duration) -> Result<Option<()>> {
        let deadline = Deadline::after(timeout);
        loop {
            let sent = self.try_send(message, priority)?;
            if sent.is_some() || !wait_writable(self.as_fd(), deadline.left(Duration::MAX))? {
                return Ok(sent);
            }
        }
    }

    /// Sends `message` if there is room now; `None` if there is not.
    ///
    /// C: `mq_timedsend` with a deadline long past, the same as `mq_send` on a descriptor with `O_NONBLOCK`
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
    /// As [`send`](Self::send), except `EINTR`.
    #[doc(alias = "mq_send")]
    #[inline]
    pub fn try_send(&self, message: &[u8], priority: Priority) -> Result<Option<()>> {
        not_now(|wait| sys::mq_timedsend(self.as_fd(), message, priority, wait)).call("mq_timedsend")
    }

    /// Takes the oldest message of the highest priority, waiting for it. `buffer` must have room for the longest
    /// message of this queue, whatever the length of the next one.
    ///
    /// C: `ssize_t mq_receive(mqd_t mqdes, char *msg, size_t len, unsigned int *prio);`
    /// — [mq_receive(3)](https://man7.org/linux/man-pages/man3/mq_receive.3.html)
    ///
    /// ```
    /// # use ipc_msgq::posix::{Access, Attributes, PosixQueue, PosixName};
    /// # let name = PosixName::fresh();
    /// # let small = Attributes { capacity: 2, longest: 16, messages: 0 };
    /// # let inbound = PosixQueue::create(&name, Access::Receive, small, 0o600)?;
    /// # let outbound = PosixQueue::open(&name, Access::Send)?;
    /// # PosixQueue::unlink(&name)?;
    /// outbound.send(b"text", 7)?;
    /// let mut buffer = vec![0; inbound.attributes()?.longest];
    /// let received = inbound.recv(&mut buffer)?;
    /// assert_eq!((&buffer[..received.len], received.priority), (&b"text"[..], 7));
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `EMSGSIZE`: `buffer` is too small for this queue. `EBADF`: opened to send. `EINTR`: a signal came while it
    /// waited.
    #[doc(alias = "mq_receive")]
    #[inline]
    pub fn recv(&self, buffer: &mut [u8]) -> Result<Received> {
        sys::mq_timedreceive(self.as_fd(), buffer, MqWait::Yes).map(Received::from).call("mq_timedreceive")
    }

    /// Receives in the same way if there is a message within `timeout`; `None` if there is not. Uses `poll(2)` rather
    /// than the time limit of `mq_timedreceive`, for the reason given at [`send_within`](Self::send_within).
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
    /// As [`recv`](Self::recv), except `EINTR`.
    #[doc(alias = "mq_timedreceive")]
    pub fn recv_within(&self, buffer: &mut [u8], timeout: Duration) -> Result<Option<Received>> {
        let deadline = Deadline::after(timeout);
        loop {
            let received = self.try_recv(buffer)?;
            if received.is_some() || !wait_readable([self.as_fd()], deadline.left(Duration::MAX))? {
                return Ok(received);
            }
        }
    }

    /// Takes the oldest message of the highest priority if there is one now; `None` if there is not.
    ///
    /// C: `mq_timedreceive` with a deadline long past, the same as `mq_receive` on a descriptor with `O_NONBLOCK`
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
    /// As [`recv`](Self::recv), except `EINTR`.
    #[doc(alias = "mq_receive")]
    #[inline]
    pub fn try_recv(&self, buffer: &mut [u8]) -> Result<Option<Received>> {
        not_now(|wait| sys::mq_timedreceive(self.as_fd(), buffer, wait).map(Received::from))
            .call("mq_timedreceive")
    }

    /// Returns the size of the queue and its fill level.
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
    /// None that this type allows.
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

    /// Makes the kernel send `signal` to this process when a message comes into the *empty* queue and no process waits
    /// in a receive. This happens once: then ask again, and only after that empty the queue, or a message may slip in
    /// between. `None` cancels the request, and so does closing *any* descriptor that this process has of the queue.
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
    /// `EBUSY`: a process, this one or another, has already asked, and only one can.
    #[doc(alias = "mq_notify")]
    pub fn notify(&self, signal: Option<Signal>) -> Result<()> {
        sys::mq_notify(self.as_fd(), signal)
            .call("mq_notify")
            .advise(Errno::EBUSY, || "one process can be notified, and one is registered already".into())
    }
}

/// The descriptor of a queue can be polled: readable while there is a message, writable while there is room.
impl AsFd for PosixQueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Repeats `call` while signals interrupt it; `None` if it would have to wait.
fn not_now<T>(mut call: impl FnMut(MqWait) -> nix::Result<T>) -> nix::Result<Option<T>> {
    match retry_on_eintr(|| call(MqWait::No)) {
        Err(Errno::ETIMEDOUT) => Ok(None),
        done => done.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A signal is no answer: the call is made again. Only the time limit, which is in the past, means "not now".
    #[test]
    fn not_now_is_only_the_time_limit() {
        let asked = |answers: &[nix::Result<u8>]| {
            let mut answers = answers.iter().copied();
            let asked = not_now(|wait| {
                assert_eq!(wait, MqWait::No);
                answers.next().expect("it asks no more often")
            });
            assert_eq!(answers.next(), None, "it asks again");
            asked
        };
        assert_eq!(asked(&[Err(Errno::EINTR), Err(Errno::EINTR), Ok(7)]), Ok(Some(7)));
        assert_eq!(asked(&[Err(Errno::EINTR), Err(Errno::ETIMEDOUT)]), Ok(None));
        assert_eq!(asked(&[Err(Errno::EMSGSIZE)]), Err(Errno::EMSGSIZE));
    }
}
