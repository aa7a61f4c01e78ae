//! # Updates that are lost (mend, 10 minutes)
//!
//! Two processes add to one counter in shared memory, 200,000 times each. As given, some of what they add is lost: one
//! process comes in between, while the other has loaded the counter and not stored it yet.
//!
//! How often that happens is luck. So this program does not only try: it also lets a second process come in at each
//! moment at which one can, between two calls of `add`, and counts the moments that lose an update.
//!
//! Mend `add`: whenever the other process comes, no update may be lost. Read: shared memory, "Stage 0: one counter, two
//! processes".
//!
//! Run it: `cargo run -p course -- run shm_lost_update`

use std::cell::Cell;
use std::process::{Command, exit};
use std::sync::atomic::{AtomicU64, Ordering, Ordering::Relaxed};
use std::{env, ptr};

/// Adds 1.
fn add(counter: &impl Counter) {
    // TODO: what if the other process comes in between?
    let number = counter.load(Relaxed);
    counter.store(number + 1, Relaxed);
}

// From here on nothing has to be changed.

/// What can be done to the counter, as to an `AtomicU64`.
#[allow(dead_code)] // until you use it
trait Counter {
    fn load(&self, order: Ordering) -> u64;
    fn store(&self, value: u64, order: Ordering);
    /// Adds, and returns what was there before.
    fn fetch_add(&self, value: u64, order: Ordering) -> u64;
    /// Stores `new` if `current` is there, and else says what is.
    fn compare_exchange(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64>;
}

impl Counter for AtomicU64 {
    fn load(&self, order: Ordering) -> u64 {
        self.load(order)
    }
    fn store(&self, value: u64, order: Ordering) {
        self.store(value, order);
    }
    fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.fetch_add(value, order)
    }
    fn compare_exchange(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.compare_exchange(current, new, success, failure)
    }
}

/// A counter to which another process adds just before one of the calls, and meanwhile this process does nothing.
#[derive(Default)]
struct Disturbed {
    counter: AtomicU64,
    calls: Cell<u32>,
    comes_before: u32,
    is_here: Cell<bool>,
}

impl Disturbed {
    fn counter(&self) -> &AtomicU64 {
        if !self.is_here.get() {
            let call = self.calls.replace(self.calls.get() + 1);
            if call == self.comes_before {
                self.is_here.set(true);
                add(self);
                self.is_here.set(false);
            }
        }
        &self.counter
    }
}

impl Counter for Disturbed {
    fn load(&self, order: Ordering) -> u64 {
        self.counter().load(order)
    }
    fn store(&self, value: u64, order: Ordering) {
        self.counter().store(value, order);
    }
    fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.counter().fetch_add(value, order)
    }
    fn compare_exchange(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.counter().compare_exchange(current, new, success, failure)
    }
}

const TIMES: u64 = 200_000;

fn main() {
    if let Some(id) = env::args().nth(1) {
        let counter = attach(id.parse().expect("an id"));
        return (0..TIMES).for_each(|_| add(counter));
    }
    println!("two processes counted {} of {}", two_processes(), 2 * TIMES);
    let (mut moments, mut lost) = (0, 0);
    loop {
        let counter = Disturbed { comes_before: moments, ..Disturbed::default() };
        add(&counter);
        if counter.calls.get() <= moments {
            break;
        }
        moments += 1;
        lost += u32::from(counter.counter.load(Relaxed) != 2);
    }
    println!("{moments} moments at which the other can come, {lost} of them lose an update");
}

/// What two real processes count.
fn two_processes() -> u64 {
    // SAFETY: numbers only.
    let id = unsafe { libc::shmget(libc::IPC_PRIVATE, size_of::<AtomicU64>(), 0o600) };
    assert!(id >= 0, "shmget: {}", std::io::Error::last_os_error());
    let counter = attach(id);
    // From here on it goes with the last of us. On Linux the other process still finds it by its id.
    // SAFETY: `IPC_RMID` uses no buffer.
    unsafe { libc::shmctl(id, libc::IPC_RMID, ptr::null_mut()) };
    let start = || Command::new(env::current_exe().expect("a path")).arg(id.to_string()).spawn();
    let both = [start(), start()];
    for child in both {
        child.and_then(|mut child| child.wait()).expect("two more processes");
    }
    counter.load(Relaxed)
}

/// The counter in the segment, as long as this process lives.
fn attach(id: i32) -> &'static AtomicU64 {
    // SAFETY: the kernel chooses a free address.
    let base = unsafe { libc::shmat(id, ptr::null(), 0) };
    if base as isize == -1 {
        exit(1);
    }
    // SAFETY: the segment begins at a page, has room for the counter, and is never detached.
    unsafe { &*base.cast() }
}
