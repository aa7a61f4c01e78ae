//! Ends this process when its peer goes silent, because it was stopped or cut off.
//!
//! This does not use the calls of [`Transport`] that take a timeout: over a stream they cost two more system calls per
//! wait, which would show in the figures. Instead, a thread checks from time to time whether a call on the link is
//! still the same one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use ipc_core::{Endpoint, Error, Receiver, Result, Sender, Transport, background, ownership};

use super::interrupt;

/// The number of checks within the time that a call may take.
const LOOKS: u32 = 20;

/// A link whose calls may take only a limited time: after it, the process ends with an error.
#[derive(Debug)]
pub(super) struct Watched<T> {
    link: T,
    /// Counts up when a call begins and when it ends: odd during a call.
    calls: Arc<AtomicU64>,
}

impl<T: Transport> Watched<T> {
    /// Watches the calls on `link`. `on_silence` is called before the process ends.
    pub(super) fn new(
        link: T,
        timeout: Duration,
        on_silence: impl FnOnce() + Send + 'static,
    ) -> Result<Self> {
        let calls = Arc::new(AtomicU64::new(0));
        let watched = Arc::downgrade(&calls);
        let watch = move || {
            if is_silent(&watched, timeout / LOOKS) {
                on_silence();
                interrupt::end_with(&Error::TimedOut {
                    what: "no message from the peer".into(),
                    waited: timeout,
                });
            }
        };
        background::spawn("silence", ownership::release_all_descriptors(), watch)?;
        Ok(Self { link, calls })
    }

    /// Makes a call. A call that returns "not now" counts as unfinished: it will be made again.
    #[inline]
    fn call<R>(&mut self, call: impl FnOnce(&mut T) -> Result<Option<R>>) -> Result<Option<R>> {
        // Only this thread writes the counter, so it needs no atomic read-modify-write.
        let number = self.calls.load(Ordering::Relaxed) | 1;
        self.calls.store(number, Ordering::Relaxed);
        let answer = call(&mut self.link);
        if !matches!(answer, Ok(None)) {
            self.calls.store(number + 1, Ordering::Relaxed);
        }
        answer
    }
}

/// Returns true once the same call was seen for [`LOOKS`] intervals; `false` when the link is dropped before. Counts
/// checks, not time: a process that was stopped for an hour, together with its peer, has not waited for that hour.
fn is_silent(calls: &Weak<AtomicU64>, interval: Duration) -> bool {
    let (mut seen, mut in_vain) = (0, 0);
    while in_vain < LOOKS {
        let Some(calls) = calls.upgrade() else { return false };
        let now = calls.load(Ordering::Relaxed);
        let waits = now % 2 == 1;
        in_vain = if waits && now == seen { in_vain + 1 } else { 0 };
        seen = now;
        drop(calls);
        thread::sleep(interval);
    }
    true
}

const DONE: &str = "a call without a timeout waits until it is done";

impl<T: Transport> Endpoint for Watched<T> {
    fn max_message(&self) -> usize {
        self.link.max_message()
    }
}

impl<T: Transport> Sender for Watched<T> {
    #[inline]
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.call(|link| link.send(message).map(Some)).map(|sent| sent.expect(DONE))
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.call(|link| link.send_timeout(message, timeout))
    }

    #[inline]
    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.call(|link| link.try_send(message))
    }

    #[inline]
    fn feed(&mut self, message: &[u8]) -> Result<()> {
        self.call(|link| link.feed(message).map(Some)).map(|fed| fed.expect(DONE))
    }

    fn feed_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.call(|link| link.feed_timeout(message, timeout))
    }

    #[inline]
    fn try_feed(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.call(|link| link.try_feed(message))
    }

    fn flush(&mut self) -> Result<()> {
        self.call(|link| link.flush().map(Some)).map(|flushed| flushed.expect(DONE))
    }

    fn flush_timeout(&mut self, timeout: Duration) -> Result<Option<()>> {
        self.call(|link| link.flush_timeout(timeout))
    }

    fn try_flush(&mut self) -> Result<Option<()>> {
        self.call(T::try_flush)
    }

    fn unsent(&mut self) -> usize {
        self.link.unsent()
    }

    fn check_receiver(&mut self) -> Result<()> {
        self.link.check_receiver()
    }
}

impl<T: Transport> Receiver for Watched<T> {
    #[inline]
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.call(|link| link.recv(buffer).map(Some)).map(|len| len.expect(DONE))
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        self.call(|link| link.recv_timeout(buffer, timeout))
    }

    #[inline]
    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.call(|link| link.try_recv(buffer))
    }

    fn check_sender(&mut self) -> Result<()> {
        self.link.check_sender()
    }
}
