//! # False sharing (write, 15 minutes)
//!
//! A ring in shared memory: the writer changes `head`, the reader changes `tail`, and both touch `slots`. As given, all
//! three begin in one cache line, which travels from core to core at each store.
//!
//! Lay `Ring` out anew, so that `head`, `tail` and `slots` lie in lines of 128 bytes of their own, with nothing else in the
//! lines of `head` and `tail`. All of it must still fit into one page of 4096 bytes. Types may change, as long as the
//! program compiles: it uses `head` and `tail` through `Deref` or as they are. Read: shared memory, "Stage 3: a ring".
//!
//! Run it: `cargo run -p course -- run shm_false_sharing`

use std::mem::offset_of;
use std::process::{Command, exit};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::{env, ptr};

// TODO: a type for a word that has its lines for itself. `head.count()` below must give its `AtomicU64`.
#[repr(C)]
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
