//! Waiting with an end: deadlines, and interruption from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ipc_core::{Call, Result};
use nix::errno::Errno;

use crate::alarm::{self, Alarm};
use crate::{Message, Queue, Select, sys};

/// The end of a wait: a deadline, an interruption, or either of them.
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

    /// Adds `interrupter` as another end of the wait.
    #[must_use]
    pub const fn or(self, interrupter: &'a Interrupter) -> Self {
        Self { interrupter: Some(interrupter), ..self }
    }

    /// Returns whether the deadline has passed.
    pub(crate) fn has_passed(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupter.is_some_and(Interrupter::is_interrupted)
    }

    /// Makes `call`, first with `IPC_NOWAIT`, then waiting. Returns `None` when the time is over.
    fn wait(
        &self,
        name: &'static str,
        mut call: impl FnMut(libc::c_int) -> nix::Result<()>,
    ) -> Result<Option<()>> {
        if self.is_interrupted() {
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
        let _alarm = Alarm::set(self.deadline, self.interrupter.map_or(0, Interrupter::token))?;
        loop {
            if self.is_interrupted() {
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
    /// Sends `message`, waiting for room until `until`; `None` if there was none. Signals do not end the wait.
    ///
    /// Linux has no such call. This is a waiting `msgsnd(2)` that the process's alarm clock interrupts when the time
    /// has come: see `alarm.rs`. The signal is `SIGURG`, which the program should not block or ignore. The clock is a
    /// thread, so a child of `fork` that does not `exec` lacks it and waits without end. A deadline in the past is
    /// allowed and makes this [`try_send`](Self::try_send).
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
    /// As [`send`](Self::send), except `EINTR`. `EAGAIN` from `clone`: no thread could be started for the clock.
    #[doc(alias = "msgsnd")]
    pub fn send_until<'a>(&self, message: &Message, until: impl Into<Until<'a>>) -> Result<Option<()>> {
        until.into().wait("msgsnd", |flags| sys::msgsnd(self.id().get(), message, flags))
    }

    /// Takes the oldest message that `select` matches, waiting for it until `until`; `None` if there was none. Signals
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
    /// assert!(queue.recv_until(Select::Any, &mut message, deadline)?.is_some(), "what is there needs no time");
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`recv`](Self::recv), except `EINTR`. `EAGAIN` from `clone`: no thread could be started for the clock.
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

/// Counts from now. A duration too long for the clock never ends.
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

/// Ends waiting calls from another thread. Clones share the same state.
///
/// It stays interrupted: later calls do not begin to wait. It must not be used *in* a signal handler, but a thread that
/// waits for signals may use it.
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
    /// Returns one that is not interrupted.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends every call that waits with this interrupter, now and later. Takes nothing from the queue: a message is
    /// received or stays. Returns at once; the calls end soon afterwards.
    pub fn interrupt(&self) {
        self.0.store(true, Ordering::Release);
        // Either the waiter has set its alarm by now, and this rings it, or the waiter sees the flag afterwards: the
        // clock's lock orders the two.
        alarm::ring(self.token());
    }

    /// Returns whether [`interrupt`](Self::interrupt) was called.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Identifies this interrupter among all others while it lives. Never 0.
    fn token(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message that comes between the first look and the end of the time is received.
    #[test]
    fn what_comes_at_the_last_moment_is_received() {
        let mut looks = [Err(Errno::ENOMSG), Ok(())].into_iter();
        let received = Until::from(Duration::ZERO).wait("msgrcv", |_| looks.next().expect("two looks"));
        assert_eq!(received.unwrap(), Some(()));
        assert_eq!(looks.next(), None);
    }

    /// Either end counts: the deadline or the interrupter.
    #[test]
    fn an_interrupter_is_no_end_of_the_deadline() {
        let interrupter = Interrupter::new();
        let until = Until::from(Instant::now()).or(&interrupter);
        assert!(until.has_passed() && !until.is_interrupted());
        interrupter.interrupt();
        assert!(until.is_interrupted());
    }
}
