//! Stage 0: two processes add to one counter. Without a lock, updates are lost.
//!
//! Missing: a message. A counter that comes out right is not yet a text that arrives whole.

#[allow(dead_code)] // it sends no text, and never sleeps on a futex
mod stages;
#[path = "stage_0_counter/sys.rs"]
mod sys;

use std::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed},
};
use std::{process, thread};

use stages::sys::only_atomics;
use sys::{Locked, Mutex, Semaphore};

// ANCHOR: stage
/// What lies in the segment.
#[repr(C)]
struct Page {
    counter: AtomicU64,
    semaphore: Semaphore,
    mutex: Mutex,
    arrived: AtomicU32,
}

/// Load, add, store: three steps. Another process may store between the first and the last.
fn add(page: &Page) {
    page.counter.store(page.counter.load(Relaxed) + 1, Relaxed);
}

/// A way to add 1.
struct Way {
    name: &'static str,
    /// How often each process adds: long enough to be interrupted in the middle.
    times: u64,
    add: fn(&Page),
}

const WAYS: [Way; 4] = [
    Way { name: "n = n + 1", times: 20_000_000, add },
    Way {
        name: "fetch_add",
        times: 20_000_000,
        add: |page| {
            page.counter.fetch_add(1, Relaxed);
        },
    },
    Way {
        name: "semaphore",
        times: 1_000_000,
        add: |page| {
            page.semaphore.wait();
            add(page);
            page.semaphore.post();
        },
    },
    Way {
        name: "mutex",
        times: 1_000_000,
        add: |page| {
            page.mutex.lock();
            add(page);
            page.mutex.unlock();
        },
    },
];
// ANCHOR_END: stage

/// Waits until both processes have come here for the `times`-th time, by polling.
fn meet(page: &Page, times: u32) {
    page.arrived.fetch_add(1, AcqRel);
    while page.arrived.load(Acquire) < 2 * times {
        thread::yield_now();
    }
}

fn first(page: &Page) {
    page.semaphore.init(1);
    page.mutex.init();
    let mut meeting = 1;
    for Way { name, times, add } in WAYS {
        page.counter.store(0, Relaxed);
        meet(page, meeting);
        (0..times).for_each(|_| add(page));
        meet(page, meeting + 1);
        let counted = page.counter.load(Relaxed);
        println!("{name:<9}  counted {counted:>8} of {:>8}: {} lost", 2 * times, 2 * times - counted);
        meeting += 2;
    }
    // ANCHOR: death
    meet(page, meeting); // the second process has taken both locks, and ends
    let (died, taken) = (page.mutex.lock() == Locked::HolderDied, !page.semaphore.try_wait());
    // ANCHOR_END: death
    println!("the holder has ended: the mutex says so: {died}; the semaphore stays taken: {taken}");
}

fn second(page: &Page) {
    let mut meeting = 1;
    for Way { times, add, .. } in WAYS {
        meet(page, meeting);
        (0..times).for_each(|_| add(page));
        meet(page, meeting + 1);
        meeting += 2;
    }
    page.semaphore.wait();
    page.mutex.lock();
    meet(page, meeting);
    process::exit(0); // at once: the kernel finds the mutex only while the segment is attached
}

only_atomics!(Page { counter, semaphore, mutex, arrived });

fn main() {
    stages::play(first, second);
}
