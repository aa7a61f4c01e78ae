//! An eventcount: sleeping without missing a wake-up, and making a system call only if the other side sleeps.
//!
//! | the sleeper | the waker |
//! |---|---|
//! | 1. writes "I sleep" | 1. writes what the sleeper waits for |
//! | 2. fence | 2. fence |
//! | 3. checks once more for what it waits for | 3. checks whether the sleeper sleeps |
//! | 4. sleeps, unless the word has changed | 4. clears the word and wakes the sleeper |
//!
//! The two fences make this sound. Each side writes one thing and then reads the other's; without fences a processor
//! may do its read first, both would see the old values, and the sleeper would sleep on. With them, at least one of the
//! two sees what the other wrote. As long as no side sleeps, the waker makes no system call.

use std::hint;
use std::sync::atomic::AtomicU32 as Unused;
use std::time::Duration;

use super::atomic::{AtomicU32, Ordering, fence};
use super::futex;

const AWAKE: u32 = 0;
const ASLEEP: u32 = 1;

/// The word that one side sleeps on and the other notifies: an eventcount. It has its own cache line: it hardly ever
/// changes, so both sides keep a copy in their caches and reading it costs nothing.
#[derive(Debug, Default)]
#[repr(C, align(128))]
pub(super) struct EventCount {
    sleeper: AtomicU32,
    _rest_of_line: [Unused; 31],
}

impl EventCount {
    /// Announces that this side is about to sleep. Check again after this, then call [`wait`](Self::wait).
    pub(super) fn prepare_to_wait(&self) {
        self.sleeper.store(ASLEEP, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// Sleeps until the other side notifies, for at most `time`; `Duration::MAX` means no limit. Returns at once if the
    /// other side has done so since [`prepare_to_wait`](Self::prepare_to_wait). May return for no reason.
    pub(super) fn wait(&self, time: Duration) {
        futex::wait(&self.sleeper, ASLEEP, time);
    }

    /// Announces that this side is awake.
    pub(super) fn finish_wait(&self) {
        self.sleeper.store(AWAKE, Ordering::Relaxed);
    }

    /// Reads the word, to find out whether its page is still there.
    pub(super) fn touch(&self) {
        hint::black_box(self.sleeper.load(Ordering::Relaxed));
    }

    /// Wakes the other side if it sleeps. Call it after writing what the other side waits for.
    #[inline]
    pub(super) fn notify(&self) {
        fence(Ordering::SeqCst);
        if self.sleeper.load(Ordering::Relaxed) != AWAKE {
            self.notify_all();
        }
    }

    /// Wakes every sleeper, without checking the word, which the peer may have forged. This too must be called after
    /// writing what the other side waits for.
    ///
    /// Clearing the word first matters to a sleeper between its last check and its sleep: the kernel then finds a value
    /// other than `ASLEEP` and does not let it sleep. The fence keeps earlier writes from becoming visible after that.
    #[cold]
    pub(super) fn notify_all(&self) {
        fence(Ordering::SeqCst);
        self.sleeper.store(AWAKE, Ordering::Relaxed);
        futex::wake(&self.sleeper);
    }
}
