//! Stage 3: a ring. Many slots, so that the writer may be ahead, and two positions that tell how far each side is.
//!
//! Missing: who finds nothing to do still asks again and again.

mod stages;

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use stages::Bytes;
use stages::sys::only_atomics;

const MESSAGES: u64 = 1000;

// ANCHOR: layout
const SLOTS: usize = 16;

/// How many messages have passed a point since the beginning. Alone on its cache lines: see "false sharing".
#[repr(C, align(128))]
struct Position(AtomicU64);

#[repr(C)]
struct Ring {
    /// How many messages were written. Only the writer changes it.
    head: Position,
    /// How many were read. Only the reader changes it.
    tail: Position,
    slots: [Bytes<60>; SLOTS],
}
// ANCHOR_END: layout

// ANCHOR: stage
impl Ring {
    fn try_send(&self, text: &str) -> bool {
        let head = self.head.0.load(Ordering::Relaxed); // our own
        if head - self.tail.0.load(Ordering::Acquire) == SLOTS as u64 {
            return false; // full
        }
        self.slots[head as usize % SLOTS].write(text);
        self.head.0.store(head + 1, Ordering::Release);
        true
    }

    fn try_recv(&self) -> Option<String> {
        let tail = self.tail.0.load(Ordering::Relaxed); // our own
        if self.head.0.load(Ordering::Acquire) == tail {
            return None; // empty
        }
        let text = self.slots[tail as usize % SLOTS].read();
        self.tail.0.store(tail + 1, Ordering::Release);
        Some(text)
    }
}
// ANCHOR_END: stage

fn writer(ring: &Ring) {
    for number in 0..MESSAGES {
        while !ring.try_send(&format!("message {number}")) {
            thread::yield_now();
        }
    }
}

fn reader(ring: &Ring) {
    for number in 0..MESSAGES {
        let text = loop {
            match ring.try_recv() {
                Some(text) => break text,
                None => thread::yield_now(),
            }
        };
        assert_eq!(text, format!("message {number}"));
    }
    println!("the reader got {MESSAGES} messages through {SLOTS} slots, in order");
}

only_atomics!(Position { 0 });
only_atomics!(Ring { head, tail, slots });

fn main() {
    stages::play(writer, reader);
}
