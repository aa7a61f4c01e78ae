//! Stage 4: a ring that sleeps. The same slots and positions, and an eventcount for each side: a side with nothing to
//! do sleeps in the kernel, and the side that brings something to do notifies it.
//!
//! Missing: the death of the other side. The ring of `ipc-core` has that, and messages of any length.

mod stages;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use stages::Bytes;
use stages::sys::{futex_wait, futex_wake, only_atomics};

const MESSAGES: u64 = 1000;
const SLOTS: usize = 16;

/// The number of messages that have passed a point since the beginning.
#[repr(C, align(128))]
struct Position(AtomicU64);

// ANCHOR: eventcount
/// 1 while a side sleeps, or is about to.
#[repr(C, align(128))]
struct EventCount(AtomicU32);

impl EventCount {
    /// Repeats `attempt` until it is done, and sleeps in between.
    fn sleep_until<T>(&self, mut attempt: impl FnMut() -> Option<T>) -> T {
        loop {
            if let Some(done) = attempt() {
                return done;
            }
            self.0.store(1, Ordering::Relaxed); // 1. say so
            fence(Ordering::SeqCst);
            // 2. the second look
            if let Some(done) = attempt() {
                self.0.store(0, Ordering::Relaxed);
                return done;
            }
            futex_wait(&self.0, 1); // 3. sleep, unless notified meanwhile
        }
    }

    /// Wakes the other side if it sleeps. Call it after writing what that side waits for.
    fn notify(&self) {
        fence(Ordering::SeqCst);
        if self.0.load(Ordering::Relaxed) == 1 {
            self.0.store(0, Ordering::Relaxed);
            futex_wake(&self.0);
        }
    }
}
// ANCHOR_END: eventcount

#[repr(C)]
struct Ring {
    head: Position,
    tail: Position,
    /// The reader sleeps here while there is nothing to read.
    reader: EventCount,
    /// The writer sleeps here while there is no room.
    writer: EventCount,
    slots: [Bytes<60>; SLOTS],
}

// ANCHOR: stage
impl Ring {
    fn try_send(&self, text: &str) -> Option<()> {
        let head = self.head.0.load(Ordering::Relaxed);
        if head - self.tail.0.load(Ordering::Acquire) == SLOTS as u64 {
            return None;
        }
        self.slots[head as usize % SLOTS].write(text);
        self.head.0.store(head + 1, Ordering::Release);
        self.reader.notify();
        Some(())
    }

    fn try_recv(&self) -> Option<String> {
        let tail = self.tail.0.load(Ordering::Relaxed);
        if self.head.0.load(Ordering::Acquire) == tail {
            return None;
        }
        let text = self.slots[tail as usize % SLOTS].read();
        self.tail.0.store(tail + 1, Ordering::Release);
        self.writer.notify();
        Some(text)
    }
}

fn writer(ring: &Ring) {
    for number in 0..MESSAGES {
        ring.writer.sleep_until(|| ring.try_send(&format!("message {number}")));
    }
}

fn reader(ring: &Ring) {
    for number in 0..MESSAGES {
        let text = ring.reader.sleep_until(|| ring.try_recv());
        assert_eq!(text, format!("message {number}"));
    }
    println!("the reader got {MESSAGES} messages through {SLOTS} slots, and slept while there was none");
}
// ANCHOR_END: stage

only_atomics!(Position { 0 });
only_atomics!(EventCount { 0 });
only_atomics!(Ring { head, tail, reader, writer, slots });

fn main() {
    stages::play(writer, reader);
}
