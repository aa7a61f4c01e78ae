//! The waits of links: many short ones, each of which should cost nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use ipc_core::Result;

use super::{TICK, clock, own_tid};
use crate::sys;

/// A link's place on the clock, for the life of the link.
#[derive(Debug)]
pub(crate) struct Ticks {
    slot: Arc<Slot>,
    /// Waiting calls so far. Tells one long wait from many short ones.
    calls: u32,
}

#[derive(Debug, Default)]
pub(super) struct Slot {
    /// 0 while the link's thread does not wait; else the number of the call in the upper half, the thread's id in
    /// the lower, and [`SIGNALLING`] between the two while the helper is at it.
    waiter: AtomicU64,
}

/// Set in [`Slot::waiter`] while the helper sends its signal: the call may not be left now. Thread ids stay below
/// 2²², so the bit is free.
const SIGNALLING: u64 = 1 << 31;

impl Ticks {
    pub(crate) fn start() -> Result<Self> {
        let slot = Arc::new(Slot::default());
        let mut clock = clock();
        clock.look_by(Instant::now() + TICK)?;
        clock.slots.push((Arc::clone(&slot), 0));
        Ok(Self { slot, calls: 0 })
    }

    /// Makes a call that may wait, and that ends with `EINTR` now and then if it waits for long.
    #[inline]
    pub(crate) fn during<R>(&mut self, call: impl FnOnce() -> R) -> R {
        self.calls = self.calls.wrapping_add(1);
        let waiter = u64::from(self.calls) << 32 | u64::from(own_tid().cast_unsigned());
        // Relaxed throughout: this one word is all that the two threads share.
        self.slot.waiter.store(waiter, Ordering::Relaxed);
        let result = call();
        // Fails only while the helper is between the two lines around its signal.
        while self.slot.waiter.compare_exchange(waiter, 0, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            thread::yield_now();
        }
        result
    }
}

impl Drop for Ticks {
    fn drop(&mut self) {
        clock().slots.retain(|(slot, _)| !Arc::ptr_eq(slot, &self.slot));
    }
}

impl Slot {
    /// The call that is waiting now, 0 for none. If it is the one that was `seen` at the last look, interrupts it.
    pub(super) fn look(&self, seen: u64) -> u64 {
        let waiter = self.waiter.load(Ordering::Relaxed);
        if waiter != 0 && waiter == seen {
            self.interrupt(waiter);
        }
        waiter
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
