//! Waiting, but not for ever: deadlines, and an end from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ipc_core::{Call, Result};
use nix::errno::Errno;

use crate::alarm::{self, Alarm};
use crate::{Message, Queue, Select, sys};

/// How long to wait: up to a moment, or until somebody says so, or both.
///
/// Made from an [`Instant`], a [`Duration`] from now on, or an [`Interrupter`].
///
/// ```
/// # use std::time::Duration;
/// # use ipc_msgq::{Interrupter, Message, Queue, Select, Until};
/// let queue = Queue::private(0o600)?.owned();
/// let interrupter = Interrupter::new();
/// let until = Until::from(Duration::from_millis(10)).or(&interrupter);
/// assert!(queue.recv_until(Select::Any, &mut Message::with_capacity(10), until)?.is_none());
/// assert!(!interrupter.is_interrupted(), "so it was the time");
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Until<'a> {
    deadline: Option<Instant>,
    interrupter: Option<&'a Interrupter>,
}

impl<'a> Until<'a> {
    /// Neither: waits without end, and, unlike [`Queue::recv`], through every signal.
    pub const NEVER: Self = Self { deadline: None, interrupter: None };

    /// The same, but ended by `interrupter` too.
    #[must_use]
    pub const fn or(self, interrupter: &'a Interrupter) -> Self {
        Self { interrupter: Some(interrupter), ..self }
    }

    /// Whether the moment has passed.
    pub(crate) fn has_passed(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupter.is_some_and(Interrupter::is_interrupted)
    }

    /// Makes `call`, first with `IPC_NOWAIT`, then waiting. `None` when the time is over.
    fn wait(
        &self,
        name: &'static str,
        mut call: impl FnMut(libc::c_int) -> nix::Result<()>,
    ) -> Result<Option<()>> {
        if self.is_interrupted() {
            return Ok(None); // although there may be something: else a busy receiver could never be stopped
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
        let _alarm = Alarm::set(self.deadline, self.interrupter.map_or(0, Interrupter::token))?;
        loop {
            if self.is_interrupted() {
                return Ok(None);
            }
            if self.has_passed() {
                return attempt(libc::IPC_NOWAIT); // what came at the last moment
            }
            // A signal that comes from here on, and before the call waits, is repeated.
            if let Some(()) = attempt(0)? {
                return Ok(Some(()));
            }
        }
    }
}

impl Queue {
    /// Sends `message`, waiting for room `until` then; `None` if there was none. Signals do not end it.
    ///
    /// Linux has no such call. It is a `msgsnd(2)` that waits, and that the alarm clock of this process interrupts
    /// when the time has come: see `alarm.rs`. The signal is `SIGURG`, which the program should not block or ignore. The
    /// clock is a thread, so a child of `fork` that does not `exec` is without it, and waits without end.
    /// A moment in the past is allowed and makes this [`try_send`](Self::try_send).
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
    /// assert_eq!(queue.try_send(&message)?, None); // full, and nobody came in time
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`send`](Self::send), but for `EINTR`. `EAGAIN` from `clone`: no thread could be started for the clock.
    #[doc(alias = "msgsnd")]
    pub fn send_until<'a>(&self, message: &Message, until: impl Into<Until<'a>>) -> Result<Option<()>> {
        until.into().wait("msgsnd", |flags| sys::msgsnd(self.id().get(), message, flags))
    }

    /// Takes the oldest message that `select` fits, waiting for it `until` then; `None` if there was none. Signals do
    /// not end it. A message that comes just when the time is over is received or stays: it is never lost.
    ///
    /// How it works is said at [`send_until`](Self::send_until).
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
    /// assert!(queue.recv_until(Select::Any, &mut message, deadline)?.is_some(), "what is there needs no time");
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`recv`](Self::recv), but for `EINTR`. `EAGAIN` from `clone`: no thread could be started for the clock.
    #[doc(alias = "msgrcv")]
    pub fn recv_until<'a>(
        &self,
        select: impl Into<Select>,
        message: &mut Message,
        until: impl Into<Until<'a>>,
    ) -> Result<Option<()>> {
        let select = select.into().msgtyp();
        until.into().wait("msgrcv", |flags| sys::msgrcv(self.id().get(), message, select, flags))
    }
}

impl From<Instant> for Until<'_> {
    fn from(deadline: Instant) -> Self {
        Self { deadline: Some(deadline), interrupter: None }
    }
}

/// From now on. One too long for the clock never ends.
impl From<Duration> for Until<'_> {
    fn from(time: Duration) -> Self {
        Self { deadline: Instant::now().checked_add(time), interrupter: None }
    }
}

impl<'a> From<&'a Interrupter> for Until<'a> {
    fn from(interrupter: &'a Interrupter) -> Self {
        Self::NEVER.or(interrupter)
    }
}

/// Ends waiting calls from another thread. Clones are the same interrupter.
///
/// Once interrupted, it stays so: those who come later do not begin to wait. Not to be used *in* a signal handler;
/// from a thread that waits for signals, it can be.
///
/// ```
/// # use std::thread;
/// # use ipc_msgq::{Interrupter, Message, Queue, Select};
/// let queue = Queue::private(0o600)?.owned();
/// let interrupter = Interrupter::new();
/// thread::scope(|scope| {
///     let receiver = scope.spawn(|| queue.recv_until(Select::Any, &mut Message::with_capacity(10), &interrupter));
///     interrupter.interrupt();
///     assert!(receiver.join().unwrap().unwrap().is_none());
/// });
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Interrupter(Arc<AtomicBool>);

impl Interrupter {
    /// One that is not interrupted.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends every call that waits with this interrupter, now and later. Takes nothing from the queue: a message is
    /// received or stays. Returns at once; the calls end soon.
    pub fn interrupt(&self) {
        self.0.store(true, Ordering::Release);
        // Either the waiter has set its alarm by now, and this rings it, or it sees the flag afterwards: the clock's
        // lock stands between.
        alarm::ring(self.token());
    }

    /// Whether [`interrupt`](Self::interrupt) was called.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Tells it from all others for as long as it lives. Never 0.
    fn token(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message that comes between the first look and the end of the time.
    #[test]
    fn what_comes_at_the_last_moment_is_received() {
        let mut looks = [Err(Errno::ENOMSG), Ok(())].into_iter();
        let received = Until::from(Duration::ZERO).wait("msgrcv", |_| looks.next().expect("two looks"));
        assert_eq!(received.unwrap(), Some(()));
        assert_eq!(looks.next(), None);
    }

    /// Both ends count: the time, and the interrupter.
    #[test]
    fn an_interrupter_is_no_end_of_the_deadline() {
        let interrupter = Interrupter::new();
        let until = Until::from(Instant::now()).or(&interrupter);
        assert!(until.has_passed() && !until.is_interrupted());
        interrupter.interrupt();
        assert!(until.is_interrupted());
    }
}
