//! The waits of links: many short ones, on which the timer should cost nothing.

use std::sync::Arc;
use std::time::Instant;

use ipc_core::Result;
use ipc_core::interrupt::Interruptible;
use ipc_core::process::{ProcessId, WakeAtEnd};

use super::{TICK, timer};

/// A link's registration with the timer, for the life of the link.
#[derive(Debug)]
pub(crate) struct PeriodicWakeUp {
    slot: Arc<Interruptible>,
    /// The number of waiting calls made, which tells one long wait from many short ones.
    calls: u32,
    _wake_at_end: WakeAtEnd,
}

impl PeriodicWakeUp {
    /// Interrupts waiting calls now and then, and at once when the process `peer` has ended.
    pub(crate) fn start(peer: ProcessId) -> Result<Self> {
        let slot = Arc::new(Interruptible::default());
        let mut timer = timer();
        timer.look_by(Instant::now() + TICK)?;
        timer.slots.push((Arc::clone(&slot), 0));
        drop(timer);
        let waiting = Arc::clone(&slot);
        let wake_at_end = WakeAtEnd::of(peer, move || waiting.interrupt());
        Ok(Self { slot, calls: 0, _wake_at_end: wake_at_end })
    }

    /// Makes a call that may wait, and that fails with `EINTR` now and then if it waits for long.
    #[inline]
    pub(crate) fn during<R>(&mut self, call: impl FnOnce() -> R) -> R {
        self.calls = self.calls.wrapping_add(1);
        self.slot.during(self.calls, call)
    }
}

impl Drop for PeriodicWakeUp {
    fn drop(&mut self) {
        timer().slots.retain(|(slot, _)| !Arc::ptr_eq(slot, &self.slot));
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use ipc_core::interrupt;
    use nix::errno::Errno;

    use super::*;
    use crate::{Message, MessageType, Queue, Select};

    /// Each wait has its own number: many short ones are not one long one.
    #[test]
    fn every_wait_has_a_number_of_its_own() {
        let mut wake_up = PeriodicWakeUp::start(ProcessId::current().unwrap()).unwrap();
        let slot = Arc::clone(&wake_up.slot);
        let waits = [(); 2].map(|()| wake_up.during(|| slot.look(0)));
        assert!(waits[0] != 0 && waits[1] != 0 && waits[0] != waits[1]);
        assert!(!slot.is_waiting());
        drop(wake_up);
        assert_eq!(Arc::strong_count(&slot), 1, "timer and watcher have forgotten it");
    }

    /// Only a wait already present at the previous look is interrupted.
    #[test]
    fn a_wait_is_interrupted_when_it_is_seen_again() {
        let queue = Queue::private(0o600).unwrap().owned();
        interrupt::install().unwrap();
        let slot = Arc::new(Interruptible::default());
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
            let _ = slot.look(0);
            let _ = slot.look(1); // what was seen was another wait
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
