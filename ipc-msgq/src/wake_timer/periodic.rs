//! The waits of links: many short ones, on which the timer should cost nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use ipc_core::Result;
use ipc_core::process::{ProcessId, WakeAtEnd};

use super::{TICK, own_tid, timer};
use crate::sys;

/// A link's registration with the timer, for the life of the link.
#[derive(Debug)]
pub(crate) struct PeriodicWakeUp {
    slot: Arc<Slot>,
    /// The number of waiting calls made, which tells one long wait from many short ones.
    calls: u32,
    _wake_at_end: WakeAtEnd,
}

#[derive(Debug, Default)]
pub(super) struct Slot {
    /// 0 while the link's thread does not wait; otherwise the number of the call in the upper half, the thread's id in
    /// the lower, and [`SIGNALLING`] between the two while the timer sends its signal.
    waiter: AtomicU64,
}

/// Set in [`Slot::waiter`] while the timer sends its signal: the thread must not leave the call now. Thread ids stay
/// below 2²², so the bit is free.
const SIGNALLING: u64 = 1 << 31;

impl PeriodicWakeUp {
    /// Interrupts waiting calls now and then, and at once when the process `peer` has ended.
    pub(crate) fn start(peer: ProcessId) -> Result<Self> {
        let slot = Arc::new(Slot::default());
        let mut timer = timer();
        timer.look_by(Instant::now() + TICK)?;
        timer.slots.push((Arc::clone(&slot), 0));
        drop(timer);
        let waiting = Arc::clone(&slot);
        let wake_at_end =
            WakeAtEnd::of(peer, move || waiting.interrupt(waiting.waiter.load(Ordering::Relaxed)));
        Ok(Self { slot, calls: 0, _wake_at_end: wake_at_end })
    }

    /// Makes a call that may wait, and that fails with `EINTR` now and then if it waits for long.
    #[inline]
    pub(crate) fn during<R>(&mut self, call: impl FnOnce() -> R) -> R {
        self.calls = self.calls.wrapping_add(1);
        let waiter = u64::from(self.calls) << 32 | u64::from(own_tid().cast_unsigned());
        // Relaxed throughout: the two threads share only this word.
        self.slot.waiter.store(waiter, Ordering::Relaxed);
        let result = call();
        // This fails only while the timer is between the two lines around its signal.
        while self.slot.waiter.compare_exchange(waiter, 0, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            thread::yield_now();
        }
        result
    }
}

impl Drop for PeriodicWakeUp {
    fn drop(&mut self) {
        timer().slots.retain(|(slot, _)| !Arc::ptr_eq(slot, &self.slot));
    }
}

impl Slot {
    /// Returns the call that is waiting now, 0 for none. If it was `seen` at the last look, interrupts it.
    pub(super) fn look(&self, seen: u64) -> u64 {
        let waiter = self.waiter.load(Ordering::Relaxed);
        if waiter != 0 && waiter == seen {
            self.interrupt(waiter);
        }
        waiter
    }

    /// Sends the signal to the thread in the call `waiter`, unless that has just ended.
    fn interrupt(&self, waiter: u64) {
        if waiter == 0 || waiter & SIGNALLING != 0 {
            return; // none waits, or the signal is just being sent
        }
        let (relaxed, marked) = (Ordering::Relaxed, waiter | SIGNALLING);
        if self.waiter.compare_exchange(waiter, marked, relaxed, relaxed).is_ok() {
            let tid = (waiter & (SIGNALLING - 1)) as libc::pid_t;
            let _ = sys::wake_up(tid); // this cannot fail: `during` holds the thread
            self.waiter.store(waiter, relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nix::errno::Errno;

    use super::*;
    use crate::{Message, MessageType, Queue, Select};

    /// Each wait has its own number: many short ones are not one long one.
    #[test]
    fn every_wait_has_a_number_of_its_own() {
        let mut wake_up = PeriodicWakeUp::start(ProcessId::current().unwrap()).unwrap();
        let slot = Arc::clone(&wake_up.slot);
        let waiter = || slot.waiter.load(Ordering::Relaxed);
        let waits = [wake_up.during(waiter), wake_up.during(waiter)];
        assert_ne!(waits[0], waits[1]);
        assert_eq!(waits.map(|wait| wait as libc::pid_t), [own_tid(); 2]);
        assert_eq!(waiter(), 0, "none waits");
        drop(wake_up);
        assert_eq!(Arc::strong_count(&slot), 1, "timer and watcher have forgotten it");
    }

    /// Only a wait already present at the previous look is interrupted.
    #[test]
    fn a_wait_is_interrupted_when_it_is_seen_again() {
        let queue = Queue::private(0o600).unwrap().owned();
        sys::handle_wake_up().unwrap();
        let slot = Arc::new(Slot::default());
        let receive = || {
            // No timer looks at this slot.
            let mut wake_up =
                PeriodicWakeUp { slot: Arc::clone(&slot), calls: 0, _wake_at_end: WakeAtEnd::off() };
            let received = wake_up.during(|| queue.recv(Select::Any, &mut Message::with_capacity(1)));
            received.map_err(|error| error.errno())
        };
        thread::scope(|scope| {
            let waiting = scope.spawn(receive);
            thread::sleep(Duration::from_millis(20)); // so that the thread is waiting; otherwise the case is easier
            slot.look(0);
            slot.look(1); // what was seen was another wait
            thread::sleep(Duration::from_millis(20));
            queue.send(&Message::new(MessageType::ONE, b"x")).unwrap();
            assert_eq!(waiting.join().unwrap(), Ok(()));
            let waiting = scope.spawn(receive);
            let (mut seen, started) = (0, Instant::now());
            while !waiting.is_finished() && started.elapsed() < Duration::from_secs(10) {
                seen = slot.look(seen);
                thread::yield_now();
            }
            queue.send(&Message::new(MessageType::ONE, b"x")).unwrap();
            assert_eq!(waiting.join().unwrap(), Err(Some(Errno::EINTR)));
        });
    }
}
