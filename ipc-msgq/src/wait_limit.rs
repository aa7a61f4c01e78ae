//! Waiting with a limit: a deadline, and cancellation from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ipc_core::{Call, Deadline, Result};
use nix::errno::Errno;

use crate::wake_timer::{WakeUp, wake};
use crate::{Message, Queue, Select, sys};

/// The limit of a wait: a deadline, a cancellation, or whichever comes first.
///
/// Made from an [`Instant`], a [`Duration`] from now on, or a [`CancelToken`].
///
/// ```
/// # use std::time::Duration;
/// # use ipc_msgq::{CancelToken, Message, Queue, Select, WaitLimit};
/// let queue = Queue::private(0o600)?.owned();
/// let token = CancelToken::new();
/// let limit = WaitLimit::from(Duration::from_millis(10)).or(&token);
/// assert!(queue.recv_until(Select::Any, &mut Message::with_capacity(10), limit)?.is_none());
/// assert!(!token.is_cancelled(), "so the time ran out");
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WaitLimit<'a> {
    deadline: Deadline,
    token: Option<&'a CancelToken>,
}

impl<'a> WaitLimit<'a> {
    /// No limit: waits as long as it takes, and, unlike [`Queue::recv`], through every signal.
    pub const NONE: Self = Self { deadline: Deadline::Never, token: None };

    /// Adds `token`, which can end the wait earlier.
    #[must_use]
    pub const fn or(self, token: &'a CancelToken) -> Self {
        Self { token: Some(token), ..self }
    }

    /// Returns whether the deadline has passed.
    pub(crate) fn has_passed(&self) -> bool {
        self.deadline.has_passed()
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.token.is_some_and(CancelToken::is_cancelled)
    }

    /// Makes `call`, first with `IPC_NOWAIT`, then waiting. Returns `None` when the limit is reached.
    fn wait(
        &self,
        name: &'static str,
        mut call: impl FnMut(libc::c_int) -> nix::Result<()>,
    ) -> Result<Option<()>> {
        if self.is_cancelled() {
            return Ok(None); // although a message may be there: otherwise a busy receiver could never be stopped
        }
        // ANCHOR: wait
        let mut attempt = |flags| match call(flags) {
            Err(Errno::EAGAIN | Errno::ENOMSG | Errno::EINTR) => Ok(None),
            done => done.call(name).map(Some),
        };
        if let Some(()) = attempt(libc::IPC_NOWAIT)? {
            return Ok(Some(()));
        }
        // ANCHOR_END: wait
        let _wake_up = WakeUp::at(self.deadline, self.token.map_or(0, CancelToken::id))?;
        loop {
            if self.is_cancelled() {
                return Ok(None);
            }
            if self.has_passed() {
                return attempt(libc::IPC_NOWAIT); // a message that came at the last moment
            }
            // From here on, a signal that comes before the call waits is repeated.
            if let Some(()) = attempt(0)? {
                return Ok(Some(()));
            }
        }
    }
}

impl Queue {
    /// Sends `message`, waiting for room up to `limit`; `None` if there was none. Signals do not end the wait.
    ///
    /// Linux has no such call. This is a waiting `msgsnd(2)` that the wake-up timer of the process interrupts when the
    /// time has come: see `wake_timer.rs`. The signal is `SIGURG`, which the program should not block or ignore. The
    /// timer is a thread, so a child of `fork` that does not `exec` lacks it and waits without end. A deadline in the
    /// past is allowed and makes this [`try_send`](Self::try_send).
    ///
    /// C: `int msgsnd(int msqid, const void *msgp, size_t msgsz, 0);`
    /// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ipc_msgq::{Message, MessageType, Queue};
    /// let queue = Queue::private(0o600)?.owned();
    /// let message = Message::new(MessageType::ONE, &vec![0; queue.longest_text()?]);
    /// while queue.send_until(&message, Duration::from_millis(10))?.is_some() {}
    /// assert_eq!(queue.try_send(&message)?, None); // still full when the time ran out
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`send`](Self::send), except `EINTR`. `EAGAIN` from `clone`: no thread could be started for the timer.
    #[doc(alias = "msgsnd")]
    pub fn send_until<'a>(&self, message: &Message, limit: impl Into<WaitLimit<'a>>) -> Result<Option<()>> {
        limit.into().wait("msgsnd", |flags| sys::msgsnd(self.id().get(), message, flags))
    }

    /// Takes the oldest message that `select` matches, waiting for it up to `limit`; `None` if there was none. Signals
    /// do not end the wait. A message that comes just as the time runs out is received or stays in the queue: it is
    /// never lost.
    ///
    /// [`send_until`](Self::send_until) explains how it works.
    ///
    /// C: `ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, int msgflg);`
    /// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// # use ipc_msgq::{Message, MessageType, Queue, Select};
    /// let queue = Queue::private(0o600)?.owned();
    /// let mut message = Message::with_capacity(100);
    /// let deadline = Instant::now() + Duration::from_millis(10);
    /// assert!(queue.recv_until(Select::Any, &mut message, deadline)?.is_none());
    /// assert!(Instant::now() >= deadline);
    /// queue.send(&Message::new(MessageType::ONE, b"text"))?;
    /// assert!(queue.recv_until(Select::Any, &mut message, deadline)?.is_some(), "a message that is there needs no
    /// wait");
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`recv`](Self::recv), except `EINTR`. `EAGAIN` from `clone`: no thread could be started for the timer.
    #[doc(alias = "msgrcv")]
    pub fn recv_until<'a>(
        &self,
        select: impl Into<Select>,
        message: &mut Message,
        limit: impl Into<WaitLimit<'a>>,
    ) -> Result<Option<()>> {
        let select = select.into().msgtyp();
        limit.into().wait("msgrcv", |flags| sys::msgrcv(self.id().get(), message, select, flags))
    }
}

impl From<Instant> for WaitLimit<'_> {
    fn from(deadline: Instant) -> Self {
        Self { deadline: Deadline::At(deadline), token: None }
    }
}

/// Counts from now. A duration too long for the clock never ends.
impl From<Duration> for WaitLimit<'_> {
    fn from(time: Duration) -> Self {
        Self { deadline: Deadline::after(time), token: None }
    }
}

impl<'a> From<&'a CancelToken> for WaitLimit<'a> {
    fn from(token: &'a CancelToken) -> Self {
        Self::NONE.or(token)
    }
}

/// Ends waiting calls from another thread. Clones share the same state.
///
/// It stays cancelled: later calls do not begin to wait. It must not be used *in* a signal handler, but a thread that
/// waits for signals may use it.
///
/// ```
/// # use std::thread;
/// # use ipc_msgq::{CancelToken, Message, Queue, Select};
/// let queue = Queue::private(0o600)?.owned();
/// let token = CancelToken::new();
/// thread::scope(|scope| {
///     let receiver = scope.spawn(|| queue.recv_until(Select::Any, &mut Message::with_capacity(10), &token));
///     token.cancel();
///     assert!(receiver.join().unwrap().unwrap().is_none());
/// });
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Returns a token that is not cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends every call that waits with this token, now and later. Takes nothing from the queue: a message is received
    /// or stays. Returns at once; the calls end soon afterwards.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
        // Either the waiter has registered its wake-up by now, and this makes it due, or the waiter sees the flag
        // afterwards: the timer's lock orders the two.
        wake(self.id());
    }

    /// Returns whether [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Identifies this token among all others while it lives. Never 0.
    pub(crate) fn id(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message that comes between the first look and the end of the time is received.
    #[test]
    fn a_message_at_the_last_moment_is_received() {
        let mut looks = [Err(Errno::ENOMSG), Ok(())].into_iter();
        let received = WaitLimit::from(Duration::ZERO).wait("msgrcv", |_| looks.next().expect("two looks"));
        assert_eq!(received.unwrap(), Some(()));
        assert_eq!(looks.next(), None);
    }

    /// Either limit counts: the deadline or the token.
    #[test]
    fn a_token_does_not_replace_the_deadline() {
        let token = CancelToken::new();
        let limit = WaitLimit::from(Instant::now()).or(&token);
        assert!(limit.has_passed() && !limit.is_cancelled());
        token.cancel();
        assert!(limit.is_cancelled());
    }
}
