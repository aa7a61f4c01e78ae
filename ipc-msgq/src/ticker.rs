//! Getting a thread out of an endless wait, so that it can look whether its peer still lives.
//!
//! Linux has no timed `msgrcv`, a queue has no descriptor that could be polled, and it does not know who uses it: a
//! process that waits for a message of a dead one waits for ever. So every link has a helper thread. When the
//! link's own thread has been inside one waiting call for a whole [`TICK`], the helper sends it a signal that does
//! nothing. But the call ends with `EINTR`, the link looks around, and goes back to waiting if all is well.
//!
//! Nothing can be lost. The kernel gives a waiting call either its message or `EINTR`, never both. A signal that
//! comes too early, just before the call begins to wait, is followed by the next one a tick later. And the signal
//! goes to no other thread, and to this one only during such a call.
//!
//! A busy link pays two atomic operations for each waiting call, and no system call.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ipc_core::{Call, Result};
use nix::sys::signal::SigSet;
use nix::unistd::gettid;

use crate::sys;

/// How often the helper looks. A dead peer is noticed after two of these at the latest.
const TICK: Duration = Duration::from_millis(100);

/// The helper thread of one link.
#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    /// Waiting calls so far. Tells one long wait from many short ones.
    calls: u32,
    helper: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// 0 while the link's thread does not wait; else the number of the call in the upper half, the thread's id in
    /// the lower, and [`SIGNALLING`] between the two while the helper is at it.
    waiter: AtomicU64,
    stopped: Mutex<bool>,
    stop: Condvar,
}

/// Set in [`Shared::waiter`] while the helper sends its signal: the call may not be left now. Thread ids stay
/// below 2²², so the bit is free.
const SIGNALLING: u64 = 1 << 31;

impl Ticker {
    pub(crate) fn start() -> Result<Self> {
        sys::handle_wake_up().call("sigaction")?;
        let shared = Arc::new(Shared::default());
        let helper = thread::Builder::new().name("msgq-ticker".into());
        let helper = helper.spawn({
            let shared = Arc::clone(&shared);
            move || shared.help()
        });
        Ok(Self { shared, calls: 0, helper: Some(helper.call("clone")?) })
    }

    /// Makes a call that may wait, and that ends with `EINTR` now and then if it waits for long.
    pub(crate) fn during<R>(&mut self, call: impl FnOnce() -> R) -> R {
        self.calls = self.calls.wrapping_add(1);
        let waiter = u64::from(self.calls) << 32 | own_tid();
        // Relaxed throughout: this one word is all that the two threads share.
        self.shared.waiter.store(waiter, Ordering::Relaxed);
        let result = call();
        // Fails only while the helper is between the two lines around its signal.
        while self.shared.waiter.compare_exchange(waiter, 0, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            thread::yield_now();
        }
        result
    }
}

impl Shared {
    /// What the helper does.
    fn help(&self) {
        let mut seen = 0;
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        while !*stopped {
            (stopped, _) = self.stop.wait_timeout(stopped, TICK).unwrap_or_else(PoisonError::into_inner);
            let waiter = self.waiter.load(Ordering::Relaxed);
            if waiter != 0 && waiter == seen {
                self.interrupt(waiter);
            }
            seen = waiter;
        }
    }

    /// Sends the signal, unless the call has just ended.
    fn interrupt(&self, waiter: u64) {
        let (relaxed, marked) = (Ordering::Relaxed, waiter | SIGNALLING);
        if self.waiter.compare_exchange(waiter, marked, relaxed, relaxed).is_ok() {
            let tid = (waiter & (SIGNALLING - 1)) as libc::pid_t;
            let _ = sys::wake_up(tid); // it cannot fail: the thread is there, held in `during`
            self.waiter.store(waiter, relaxed);
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        *self.shared.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.stop.notify_one();
        if let Some(helper) = self.helper.take() {
            let _ = helper.join(); // it does nothing that could panic
        }
    }
}

/// This thread's id. The first call in each thread also lets the signal through, should the thread have blocked it:
/// it would stay pending and interrupt nothing.
fn own_tid() -> u64 {
    thread_local! {
        static TID: u64 = {
            let mut wake_up = SigSet::empty();
            wake_up.add(sys::WAKE_UP);
            let _ = wake_up.thread_unblock(); // it fails only for a signal that does not exist
            u64::from(gettid().as_raw().cast_unsigned())
        };
    }
    TID.with(|tid| *tid)
}
