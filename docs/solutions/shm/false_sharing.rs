//! # False sharing: solved
//!
//! The alignment makes a `Position` begin at a multiple of 128, and its size a multiple of it. So whatever comes behind
//! it begins in another line, too.

use std::mem::offset_of;
use std::process::{Command, exit};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::{env, ptr};

/// 128 and not 64, since many processors fetch lines in pairs. `repr(C)` keeps the order of the fields.
#[repr(C, align(128))]
struct Position(AtomicU64);

impl Position {
    fn count(&self) -> &AtomicU64 {
        &self.0
    }
}

#[repr(C)]
struct Ring {
    head: Position,
    tail: Position,
    slots: [AtomicU64; 64],
}

// From here on nothing has to be changed.

const ROUNDS: u64 = 100_000;

fn main() {
    if let Some(id) = env::args().nth(1) {
        let ring = attach(id.parse().expect("an id"));
        return count(ring.tail.count());
    }
    // SAFETY: numbers only.
    let id = unsafe { libc::shmget(libc::IPC_PRIVATE, size_of::<Ring>(), 0o600) };
    assert!(id >= 0, "shmget: {}", std::io::Error::last_os_error());
    let ring = attach(id);
    // From here on it goes with the last of us. On Linux the other process still finds it by its id.
    // SAFETY: `IPC_RMID` uses no buffer.
    unsafe { libc::shmctl(id, libc::IPC_RMID, ptr::null_mut()) };
    let reader = Command::new(env::current_exe().expect("a path")).arg(id.to_string()).spawn();
    count(ring.head.count());
    reader.and_then(|mut reader| reader.wait()).expect("a second process");

    println!("head at {}", offset_of!(Ring, head));
    println!("tail at {}", offset_of!(Ring, tail));
    println!("slots at {}", offset_of!(Ring, slots));
    println!("length {}", size_of::<Ring>());
    println!("counted {} and {}", ring.head.count().load(Relaxed), ring.tail.count().load(Relaxed));
    println!("{} slots, the last one holds {}", ring.slots.len(), ring.slots[63].load(Relaxed));
}

fn count(word: &AtomicU64) {
    for _ in 0..ROUNDS {
        word.fetch_add(1, Relaxed);
    }
}

/// The ring in the segment, as long as this process lives.
fn attach(id: i32) -> &'static Ring {
    // SAFETY: the kernel chooses a free address.
    let base = unsafe { libc::shmat(id, ptr::null(), 0) };
    if base as isize == -1 {
        exit(1);
    }
    // SAFETY: the segment begins at a page, was made for a `Ring`, and is never detached; a `Ring` is all atomics.
    unsafe { &*base.cast() }
}
