//! The very files of the ring, on top of atomics, memory and a kernel that the checker controls.
#![allow(clippy::duplicate_mod)] // that is the point
#![allow(dead_code)] // what only a process with a mapping needs
#![allow(clippy::unused_self, clippy::unnecessary_wraps)] // memory that cannot be lost has the methods of one that can

#[path = "../attachment.rs"]
mod attachment;
#[path = "../eventcount.rs"]
mod eventcount;
#[path = "../half.rs"]
mod half;
#[path = "../in_place.rs"]
mod in_place;
#[path = "../layout.rs"]
mod layout;
#[path = "../link.rs"]
mod link;
mod meeting;
mod memory;
#[path = "../place.rs"]
mod place;
mod protocol;
#[path = "../receiver.rs"]
mod receiver;
#[path = "../record.rs"]
mod record;
#[path = "../sender.rs"]
mod sender;
mod sides;
#[path = "../spsc.rs"]
mod spsc;
mod wake_at_end;

use std::time::Duration;

use wake_at_end::WakeAtEnd;

mod atomic {
    pub(super) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
}

/// The longest time that a side sleeps; the model has no time.
const SLICE: Duration = Duration::MAX;

/// No batch leaves by itself.
const FULL_BATCH: u64 = 1 << 40;

/// The part of `futex(2)` that the ring relies on: checking the word and going to sleep are one step. There is one
/// queue for all words, so spurious wake-ups occur now and then. There is no time limit: a missed wake-up is a
/// deadlock, which is what the checker looks for.
mod futex {
    use std::time::Duration;

    use loom::sync::atomic::Ordering;
    use loom::sync::{Condvar, Mutex};

    use super::atomic::AtomicU32;

    loom::lazy_static! {
        static ref QUEUE: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());
    }

    pub(super) fn wait(word: &AtomicU32, expected: u32, _timeout: Duration) {
        let asleep = QUEUE.0.lock().unwrap();
        if word.load(Ordering::Relaxed) == expected {
            drop(QUEUE.1.wait(asleep).unwrap());
        }
    }

    pub(super) fn wake(_word: &AtomicU32) {
        let _no_thread_sleeps_meanwhile = QUEUE.0.lock().unwrap();
        QUEUE.1.notify_all();
    }
}
