//! False sharing: two processes count, each in a word of its own. First both words lie in one cache line, then each has
//! a line to itself. Nothing else is different.
//!
//! It shows something only on two cores or more.

mod stages;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use ipc_demo::cpus::{Cpus, Role};

use stages::sys::only_atomics;

const ROUNDS: u64 = 10_000_000;

// ANCHOR: layout
#[repr(C)]
struct Together {
    writers: AtomicU64,
    readers: AtomicU64,
}

/// 128 and not 64: processors often fetch lines in pairs.
#[repr(C, align(128))]
struct Padded(AtomicU64);

#[repr(C)]
struct Apart {
    writers: Padded,
    readers: Padded,
}
// ANCHOR_END: layout

/// Also where the two wait for each other, so that they count at the same time.
#[repr(C)]
struct Page {
    arrived: AtomicU32,
    together: Together,
    apart: Apart,
}

fn meet(page: &Page, times: u32) {
    page.arrived.fetch_add(1, Ordering::Relaxed);
    while page.arrived.load(Ordering::Relaxed) < 2 * times {
        thread::yield_now();
    }
}

/// Counts up to `ROUNDS`, and says how long one step took, in nanoseconds.
fn count(word: &AtomicU64) -> f64 {
    let begin = Instant::now();
    for _ in 0..ROUNDS {
        word.fetch_add(1, Ordering::Relaxed);
    }
    begin.elapsed().as_secs_f64() * 1e9 / ROUNDS as f64
}

fn writer(page: &Page) {
    Cpus::available().bind(Role::Ping).expect("a core for this process");
    meet(page, 1);
    let together = count(&page.together.writers);
    meet(page, 2);
    let apart = count(&page.apart.writers.0);
    println!("in one cache line:  {together:6.1} ns a step");
    println!("a line for each:    {apart:6.1} ns a step");
}

fn reader(page: &Page) {
    Cpus::available().bind(Role::Pong).expect("a core for that process");
    meet(page, 1);
    count(&page.together.readers);
    meet(page, 2);
    count(&page.apart.readers.0);
}

only_atomics!(Padded { 0 });
only_atomics!(Together { writers, readers });
only_atomics!(Apart { writers, readers });
only_atomics!(Page { arrived, together, apart });

fn main() {
    stages::play(writer, reader);
}
