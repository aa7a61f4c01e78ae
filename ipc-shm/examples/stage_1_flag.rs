//! Stage 1: a flag. One message from one process to another, through a System V segment.
//!
//! Missing: a second message. And the reader asks again and again, which keeps a core busy.

mod stages;

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use stages::Bytes;
use stages::sys::only_atomics;

// ANCHOR: stage
/// What lies in the segment. It begins as zeros: not ready.
#[repr(C)]
struct Mailbox {
    ready: AtomicU32,
    text: Bytes<60>,
}

fn writer(shared: &Mailbox) {
    shared.text.write("hello from the other process");
    // Release: who sees the flag sees the text.
    shared.ready.store(1, Ordering::Release);
}

fn reader(shared: &Mailbox) {
    // Acquire: what was written before the flag is there, too.
    while shared.ready.load(Ordering::Acquire) == 0 {
        thread::yield_now();
    }
    println!("the reader read: {}", shared.text.read());
}
// ANCHOR_END: stage

only_atomics!(Mailbox { ready, text });

fn main() {
    stages::play(writer, reader);
}
