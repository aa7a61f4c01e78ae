//! Interrupting a wait of another thread of this process: by a signal whose handler does nothing.
//!
//! Some waits cannot be ended in any other way: that for a message of a dead peer in a queue that has no descriptor, that
//! on a word of shared memory whose page is gone. A time limit would end them too, but it sets a timer of the kernel for
//! each wait, and that costs a short one a tenth.
//!
//! The signal is sent only while the thread is in the call, or just before it. There, it would interrupt nothing; so who
//! interrupts does so again, until the wait is over.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use nix::sys::signal::{SigSet, Signal};

use crate::error::Call;
use crate::{Result, ThreadId, sys};

/// The signal that interrupts a wait. It is ignored without a handler, so a stray one does no harm.
const SIGNAL: Signal = Signal::SIGURG;

/// Makes waits [`Interruptible`]: installs a handler that does nothing, unless the program has its own. Either handler
/// goes without `SA_RESTART`, or the kernel would start some calls again (signal(7)). Further calls do no harm.
///
/// # Errors
/// `sigaction` fails.
#[doc(alias = "sigaction")]
pub fn install() -> Result<()> {
    sys::interrupt_calls(SIGNAL).call("sigaction")
}

/// Interrupts what `thread` waits for. It must have called [`this_thread`].
///
/// # Errors
/// `ESRCH`: the thread has ended.
pub fn interrupt(thread: ThreadId) -> nix::Result<()> {
    thread.signal(SIGNAL)
}

/// Returns the calling thread. The first call in each thread also unblocks the signal, which would otherwise stay pending
/// and interrupt nothing.
#[must_use]
pub fn this_thread() -> ThreadId {
    thread_local! {
        static THREAD: ThreadId = {
            let mut signal = SigSet::empty();
            signal.add(SIGNAL);
            let _ = signal.thread_unblock(); // this fails only for an invalid signal
            ThreadId::current()
        };
    }
    THREAD.with(|thread| *thread)
}

/// A place where one thread at a time waits, and out of which others can call it.
#[derive(Debug, Default)]
pub struct Interruptible {
    /// 0 while no thread waits; otherwise the number of the call in the upper half, the thread's id in the lower, and
    /// [`SIGNALLING`] between the two while another thread sends the signal.
    waiter: AtomicU64,
}

/// Set in [`Interruptible::waiter`] while the signal is sent: the thread must not leave the call now. Thread ids stay
/// below 2²², so the bit is free.
const SIGNALLING: u64 = 1 << 31;

impl Interruptible {
    /// Makes a call that waits, and that fails with `EINTR` if it is [interrupted](Self::interrupt). Its `number` tells
    /// one long wait from many short ones: see [`look`](Self::look).
    #[inline]
    pub fn during<R>(&self, number: u32, call: impl FnOnce() -> R) -> R {
        let waiter = u64::from(number) << 32 | u64::from(this_thread().as_raw().cast_unsigned());
        // Relaxed throughout: the two threads share only this word.
        self.waiter.store(waiter, Ordering::Relaxed);
        let result = call();
        // This fails only while another thread is between the two lines around its signal.
        while self.waiter.compare_exchange(waiter, 0, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            thread::yield_now();
        }
        result
    }

    /// Returns whether a thread is in a call.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.waiter.load(Ordering::Relaxed) != 0
    }

    /// Returns the call that is waiting now, 0 for none. If it was `seen` at the last look, interrupts it.
    #[must_use]
    pub fn look(&self, seen: u64) -> u64 {
        let waiter = self.waiter.load(Ordering::Relaxed);
        if waiter == seen {
            self.interrupt_call(waiter);
        }
        waiter
    }

    /// Interrupts the thread that waits, if one does.
    pub fn interrupt(&self) {
        self.interrupt_call(self.waiter.load(Ordering::Relaxed));
    }

    /// Interrupts the thread in the call `waiter`, unless that has just ended.
    fn interrupt_call(&self, waiter: u64) {
        if waiter == 0 || waiter & SIGNALLING != 0 {
            return; // none waits, or the signal is just being sent
        }
        let (relaxed, marked) = (Ordering::Relaxed, waiter | SIGNALLING);
        if self.waiter.compare_exchange(waiter, marked, relaxed, relaxed).is_ok() {
            let thread = ThreadId::from_raw((waiter & (SIGNALLING - 1)) as libc::pid_t);
            let _ = interrupt(thread); // this cannot fail: `during` holds the thread
            self.waiter.store(waiter, relaxed);
        }
    }
}
