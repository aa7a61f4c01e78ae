//! Sleeping without missing the call, and calling only those who sleep.
//!
//! | the sleeper | the caller |
//! |---|---|
//! | 1. writes "I sleep" | 1. writes what the sleeper waits for |
//! | 2. fence | 2. fence |
//! | 3. looks once more for what it waits for | 3. looks whether somebody sleeps |
//! | 4. sleeps, unless the word has changed | 4. clears the word and wakes |
//!
//! The two fences are what makes it sound. Each side writes one thing and then reads the other's; without fences a
//! processor may do its read first, both would see the old values, and the sleeper would sleep on. With them, at
//! least one of the two sees what the other wrote. As long as nobody sleeps, the caller makes no system call.

use std::sync::atomic::AtomicU32 as Unused;
use std::time::Duration;

use super::atomic::{AtomicU32, Ordering, fence};
use super::futex;

const AWAKE: u32 = 0;
const ASLEEP: u32 = 1;

/// What one side sleeps on and the other rings. It has its own cache line: it hardly ever changes, so both sides
/// keep a copy in their caches and a look costs nothing.
#[derive(Debug, Default)]
#[repr(C, align(128))]
pub(super) struct Bell {
    sleeper: AtomicU32,
    _rest_of_line: [Unused; 31],
}

impl Bell {
    /// Says that this side is about to sleep. Look again after this, then [`sleep`](Self::sleep).
    pub(super) fn arm(&self) {
        self.sleeper.store(ASLEEP, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// Sleeps until the other side rings, for at most `slice`. Comes back at once if it rang since
    /// [`arm`](Self::arm). May come back for no reason.
    pub(super) fn sleep(&self, slice: Duration) {
        futex::wait(&self.sleeper, ASLEEP, slice);
    }

    /// Says that this side is awake.
    pub(super) fn disarm(&self) {
        self.sleeper.store(AWAKE, Ordering::Relaxed);
    }

    /// Wakes the other side if it sleeps. To be called after writing what it waits for.
    #[inline]
    pub(super) fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.sleeper.load(Ordering::Relaxed) != AWAKE {
            self.ring_loud();
        }
    }

    /// Wakes whoever sleeps here, without a look at the word: it may lie. To be called after writing what it waits
    /// for, too.
    ///
    /// Clearing the word first matters to a sleeper between its last look and its sleep: the kernel then finds
    /// another value than `ASLEEP` and does not let it sleep. The fence keeps what was written before from becoming
    /// visible after that.
    #[cold]
    pub(super) fn ring_loud(&self) {
        fence(Ordering::SeqCst);
        self.sleeper.store(AWAKE, Ordering::Relaxed);
        futex::wake(&self.sleeper);
    }
}
