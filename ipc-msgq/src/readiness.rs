//! A file descriptor for a queue.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use ipc_core::{Advise, Call, Result};
use nix::errno::Errno;

use crate::{Message, MessageType, Queue, Select};

mod helper;

use helper::{Shared, Turn};

/// A descriptor that is readable when a queue has a message, so that the queue can stand next to sockets in `poll`,
/// `epoll` or tokio. Made by [`Queue::readiness`].
///
/// A System V queue has no descriptor: its id is only a number. So a helper thread waits in `msgrcv(2)`, and when
/// there is something it writes to an eventfd, which does poll. There are examples for `poll` and for tokio:
/// `examples/poll.rs` and `examples/tokio.rs`.
///
/// ```
/// # use ipc_msgq::{Message, MessageType, Queue, Select};
/// # use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
/// # use std::os::fd::AsFd;
/// let queue = Queue::private(0o600)?.owned();
/// let readiness = queue.readiness(Select::Any)?;
/// for text in [b"one", b"two"] {
///     queue.send(&Message::new(MessageType::ONE, text))?;
/// }
/// poll(&mut [PollFd::new(readiness.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE).unwrap();
/// let (mut message, mut received) = (Message::with_capacity(100), Vec::new());
/// while readiness.try_recv(&mut message)?.is_some() {
///     received.push(message.text().to_vec());
/// }
/// assert_eq!(received, [b"one", b"two"]);
/// # Ok::<(), ipc_core::Error>(())
/// ```
///
/// # How to use it
///
/// Wait until the descriptor is readable, then [`try_recv`](Self::try_recv). It stays readable until `try_recv` has
/// said `None`: who takes one message at a time is woken again, at once. So it is level-triggered, as a socket is, and
/// it works with `EPOLLET` for those who go on until `None`. Do not read the descriptor: `try_recv` does.
///
/// While it is not readable, `try_recv` says `None` without a look at the queue: it is the helper's turn. A message
/// may be there already; then the descriptor is about to become readable. Only one of the two ever asks the kernel,
/// the helper or the user; that is what keeps the order.
///
/// Readable does not promise a message: another receiver may have been faster. Then `try_recv` says `None`. And
/// whoever receives by another way, even from the same [`Queue`], is another receiver.
///
/// # How it works
///
/// The helper calls `msgrcv` with room for no text and without `MSG_NOERROR`. A message with text does not fit: the
/// call fails with `E2BIG` as soon as one is there, and leaves it where it is. Then the helper sleeps until it is its
/// turn again: it neither spins, nor takes, nor copies anything.
///
/// A message *without* text does fit, and is taken. It is handed over by the next `try_recv`, before all others: it is
/// the one that the kernel would have chosen at that moment. Two limits follow. With [`Select::UpTo`] a message of a
/// lower type that comes after that moment comes second. And a process that dies at that moment takes this one message
/// with it, as any receiver does with what it has just received.
///
/// One burst of messages costs a write and a read of the eventfd and two switches between threads; each message then
/// its `msgrcv`. A POSIX queue needs none of this: there [the queue itself](crate::posix::PosixQueue) polls.
///
/// # When it ends
///
/// Dropping it ends the helper, with the signal by which all waits here can be interrupted (see
/// [`recv_until`](Queue::recv_until)), and waits until it has gone, which is soon. Messages stay in the queue. Only if
/// the helper has just taken one without text, that one is sent again and stands last now; [`finish`](Self::finish)
/// gives it to the caller instead. (So a user who may only receive should `finish`: a drop could not send it.)
///
/// If the queue is removed, the descriptor becomes readable, stays so, and `try_recv` says `EIDRM`, later `EINVAL`.
///
/// After `fork` the child has no helper; make a new one there.
#[derive(Debug)]
#[must_use = "the descriptor is closed when it is dropped"]
pub struct Readiness {
    queue: Queue,
    select: Select,
    shared: Arc<Shared>,
    /// `None` once it has been told to stop.
    helper: Option<JoinHandle<()>>,
}

impl Queue {
    /// A descriptor that becomes readable when there is a message that `select` fits. Starts a thread.
    ///
    /// C: `int eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);`
    /// — [eventfd(2)](https://man7.org/linux/man-pages/man2/eventfd.2.html)
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE` from `eventfd`: no descriptor left. `EAGAIN` from `clone`: no thread could be started.
    /// That the queue is gone or may not be read is said by the first [`Readiness::try_recv`].
    #[doc(alias = "eventfd")]
    #[doc(alias = "poll")]
    pub fn readiness(&self, select: impl Into<Select>) -> Result<Readiness> {
        let (queue, select) = (*self, select.into());
        let shared = Arc::new(Shared::new()?);
        let helper = thread::Builder::new().name("msgq-readiness".into());
        let helpers = Arc::clone(&shared);
        let helper = helper.spawn(move || helpers.watch(queue, select)).call("clone")?;
        Ok(Readiness { queue, select, shared, helper: Some(helper) })
    }
}

impl Readiness {
    /// Takes the oldest message that the selection fits. `None`, if there is none: then the descriptor is no longer
    /// readable, until one comes. Never waits.
    ///
    /// C: `ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, IPC_NOWAIT);`
    /// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
    ///
    /// # Errors
    /// `E2BIG`: it is longer than `message` has room; it stays in the queue, and the descriptor readable. `EIDRM`,
    /// `EINVAL`: the queue was removed. `EACCES`: no permission. `EAGAIN` from `clone`: the helper could not start the
    /// clock that [`recv_until`](Queue::recv_until) needs.
    #[doc(alias = "msgrcv")]
    pub fn try_recv(&self, message: &mut Message) -> Result<Option<()>> {
        let mut turn = self.shared.turn();
        match std::mem::replace(&mut *turn, Turn::User) {
            Turn::Helper => {
                *turn = Turn::Helper;
                return Ok(None);
            }
            Turn::User => {}
            Turn::Taken(kind) => {
                message.set_kind(kind);
                message.received(0);
                return Ok(Some(()));
            }
            Turn::Failed(error) => return explained(Err(error)),
        }
        let received = explained(self.queue.try_recv(self.select, message))?;
        if received.is_none() {
            // First unreadable, then the helper: the other way round its next word would be wiped out.
            let _ = self.shared.to_user.read(); // it fails only if somebody else has read it: then it is done
            *turn = Turn::Helper;
            self.shared.to_helper.notify_one();
        }
        Ok(received)
    }

    /// Ends the helper. Returns the type of the message without text that it has taken and `try_recv` has not fetched
    /// yet, if there is one. All others are in the queue. Dropping does the same, but sends that message again.
    ///
    /// ```
    /// # use ipc_msgq::{Queue, Select};
    /// let queue = Queue::private(0o600)?.owned();
    /// let readiness = queue.readiness(Select::Any)?;
    /// assert_eq!(readiness.finish(), None); // nothing came
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    #[must_use = "a message that was taken from the queue exists nowhere else"]
    pub fn finish(mut self) -> Option<MessageType> {
        self.stop()
    }

    fn stop(&mut self) -> Option<MessageType> {
        let helper = self.helper.take()?;
        let turn = self.shared.turn(); // or the helper could look just before, and sleep just after
        self.shared.stop.interrupt();
        self.shared.to_helper.notify_one();
        drop(turn);
        let _ = helper.join(); // it does not panic
        match *self.shared.turn() {
            Turn::Taken(kind) => Some(kind),
            _ => None,
        }
    }
}

/// Says what these errors mean here.
fn explained<T>(result: Result<T>) -> Result<T> {
    let removed = || "the queue was removed".into();
    result.advise(Errno::EIDRM, removed).advise(Errno::EINVAL, removed)
}

/// Readable when [`try_recv`](Readiness::try_recv) should be called. It stays open as long as this lives.
impl AsFd for Readiness {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.to_user.as_fd()
    }
}

/// For tokio's `AsyncFd`, which asks for this.
impl AsRawFd for Readiness {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl Drop for Readiness {
    fn drop(&mut self) {
        if let Some(kind) = self.stop() {
            // It fits even into a queue that is full of bytes. If it fails, the queue is gone or may not be written.
            let _ = self.queue.try_send(&Message::new(kind, b""));
        }
    }
}
