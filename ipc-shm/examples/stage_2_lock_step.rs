//! Stage 2: lock-step. The flag goes back, too, so there can be a second message.
//!
//! Missing: the writer cannot be ahead by more than one message, so the two wait for each other all the time.

mod stages;

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use stages::Bytes;
use stages::sys::only_atomics;

const MESSAGES: u32 = 1000;

// ANCHOR: stage
const EMPTY: u32 = 0;
const FULL: u32 = 1;

#[repr(C)]
struct Slot {
    state: AtomicU32,
    text: Bytes<60>,
}

/// Waits until it is this side's turn.
fn wait_until(slot: &Slot, state: u32) {
    // Acquire, on both sides: the reader must see the text, and the writer must not overwrite what is still being read.
    while slot.state.load(Ordering::Acquire) != state {
        thread::yield_now();
    }
}

fn writer(slot: &Slot) {
    for number in 0..MESSAGES {
        wait_until(slot, EMPTY);
        slot.text.write(&format!("message {number}"));
        slot.state.store(FULL, Ordering::Release);
    }
}

fn reader(slot: &Slot) {
    for number in 0..MESSAGES {
        wait_until(slot, FULL);
        assert_eq!(slot.text.read(), format!("message {number}"));
        slot.state.store(EMPTY, Ordering::Release);
    }
    println!("the reader got {MESSAGES} messages, one by one, in order");
}
// ANCHOR_END: stage

only_atomics!(Slot { state, text });

fn main() {
    stages::play(writer, reader);
}
