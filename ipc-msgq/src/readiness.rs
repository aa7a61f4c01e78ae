//! A file descriptor for a queue.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use ipc_core::{Advise, Call, Result};
use nix::errno::Errno;

use crate::{Message, MessageType, Queue, Select};

mod helper;

use helper::{HelperState, Turn};

/// A descriptor that is readable when a queue has a message, so that a program can wait for the queue and for sockets
/// in one `poll`, `epoll` or tokio runtime. Made by [`Queue::readiness`].
///
/// A System V queue has no descriptor: its id is only a number. So a helper thread waits in `msgrcv(2)`, and when there
/// is a message it writes to an eventfd, which can be polled. There are examples for `poll` and for tokio:
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
/// Wait until the descriptor is readable, then call [`try_recv`](Self::try_recv). The descriptor stays readable until
/// `try_recv` has returned `None`: a program that takes one message at a time is woken again at once. So it is
/// level-triggered, as a socket is, and works with `EPOLLET` for programs that go on until `None`. Do not read the
/// descriptor: `try_recv` does.
///
/// While it is not readable, `try_recv` returns `None` without looking at the queue: it is the helper's turn. A message
/// may be there already; then the descriptor is about to become readable. Only one of the two asks the kernel at a
/// time, the helper or the user; that keeps the messages in order.
///
/// Readable does not promise a message: another receiver may have been faster. Then `try_recv` returns `None`. A call
/// that receives in another way, even through the same [`Queue`], is another receiver.
///
/// # How it works
///
/// The helper calls `msgrcv` with room for no text and without `MSG_NOERROR`. A message with text does not fit: the
/// call fails with `E2BIG` as soon as one is there, and leaves it in the queue. Then the helper sleeps until its next
/// turn: it neither spins nor takes nor copies anything.
///
/// A message *without* text does fit, and is taken. The next `try_recv` returns it before all others: it is the one
/// that the kernel would have chosen at that moment. This has two limits. With [`Select::UpTo`], a message of a lower
/// type that comes after that moment comes second. And a process that dies at that moment takes this one message with
/// it, as any receiver does with the message it has just received.
///
/// A burst of messages costs one write and one read of the eventfd and two thread switches; each message then costs its
/// `msgrcv`. A POSIX queue needs none of this: [the queue itself](crate::posix::PosixQueue) can be polled.
///
/// # When it ends
///
/// Dropping it ends the helper, with the signal that interrupts all waits here (see [`recv_until`](Queue::recv_until)),
/// and waits until the helper has ended, which is soon. Messages stay in the queue. Only if the helper has just taken a
/// message without text, that message is sent again and is now last; [`finish`](Self::finish) returns it to the caller
/// instead. (So a user that may only receive should call `finish`: a drop could not send the message.)
///
/// If the queue is removed, the descriptor becomes and stays readable, and `try_recv` fails with `EIDRM`, later
/// `EINVAL`.
///
/// After `fork` the child has no helper; make a new one there.
#[derive(Debug)]
#[must_use = "the descriptor is closed when it is dropped"]
pub struct Readiness {
    queue: Queue,
    select: Select,
    shared: Arc<HelperState>,
    /// `None` once the helper has been told to stop.
    helper: Option<JoinHandle<()>>,
}

impl Queue {
    /// Returns a descriptor that becomes readable when there is a message that `select` matches. Starts a thread.
    ///
    /// C: `int eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);`
    /// — [eventfd(2)](https://man7.org/linux/man-pages/man2/eventfd.2.html)
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE` from `eventfd`: no descriptor left. `EAGAIN` from `clone`: no thread could be started. The
    /// first [`Readiness::try_recv`] reports that the queue is gone or may not be read.
    #[doc(alias = "eventfd")]
    #[doc(alias = "poll")]
    pub fn readiness(&self, select: impl Into<Select>) -> Result<Readiness> {
        let (queue, select) = (*self, select.into());
        let shared = Arc::new(HelperState::new()?);
        let helper = thread::Builder::new().name("msgq-readiness".into());
        let helpers = Arc::clone(&shared);
        let helper = helper.spawn(move || helpers.watch(queue, select)).call("clone")?;
        Ok(Readiness { queue, select, shared, helper: Some(helper) })
    }
}

impl Readiness {
    /// Takes the oldest message that the selection matches. Returns `None` if there is none: then the descriptor is no
    /// longer readable, until one comes. Never waits.
    ///
    /// C: `ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, IPC_NOWAIT);`
    /// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
    ///
    /// # Errors
    /// `E2BIG`: the message is longer than `message`'s capacity; it stays in the queue, and the descriptor stays
    /// readable. `EIDRM`, `EINVAL`: the queue was removed. `EACCES`: no permission. `EAGAIN` from `clone`: the helper
    /// could not start the timer that [`recv_until`](Queue::recv_until) needs.
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
            // Clear the descriptor first, then give the turn to the helper: in the other order its next write would be
            // lost.
            let _ = self.shared.to_user.read(); // this fails only if another reader was faster: then it is done
            *turn = Turn::Helper;
            self.shared.to_helper.notify_one();
        }
        Ok(received)
    }

    /// Ends the helper. Returns the type of the message without text that the helper has taken and `try_recv` has not
    /// fetched yet, if there is one. All others are in the queue. Dropping does the same, but sends that message again.
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
        self.shared.stop.cancel();
        self.shared.to_helper.notify_one();
        drop(turn);
        let _ = helper.join(); // it does not panic
        match *self.shared.turn() {
            Turn::Taken(kind) => Some(kind),
            _ => None,
        }
    }
}

/// Adds an explanation to these errors.
fn explained<T>(result: Result<T>) -> Result<T> {
    let removed = || "the queue was removed".into();
    result.advise(Errno::EIDRM, removed).advise(Errno::EINVAL, removed)
}

/// Readable when [`try_recv`](Readiness::try_recv) should be called. The descriptor stays open as long as this lives.
impl AsFd for Readiness {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.to_user.as_fd()
    }
}

/// Required by tokio's `AsyncFd`.
impl AsRawFd for Readiness {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl Drop for Readiness {
    fn drop(&mut self) {
        if let Some(kind) = self.stop() {
            // The message fits even into a queue that is full of bytes. If this fails, the queue is gone or may not be
            // written.
            let _ = self.queue.try_send(&Message::new(kind, b""));
        }
    }
}
