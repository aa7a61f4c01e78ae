//! The interval between making an object and noting it, in which a signal that ends the process has to wait.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The number of objects that are being made, so that [`stop`] can wait until each is noted.
static MAKING: Mutex<usize> = Mutex::new(0);
static MADE: Condvar = Condvar::new();

/// The time that a process told to end waits for an object that is being made; a file system may hang.
const MADE_BY_THEN: Duration = Duration::from_secs(1);

/// Delays a signal that would end the process for as long as it lives, so that no new object is forgotten. Without it,
/// the process may end when an object exists but is [noted](super::OwnershipLock::record) nowhere.
#[derive(Debug)]
#[must_use = "only while it lives do signals wait"]
pub struct CreationGuard(());

impl CreationGuard {
    /// Delays signals from now on.
    #[allow(clippy::new_without_default)] // a default value would not be expected to hold signals back
    pub fn new() -> Self {
        *in_the_making() += 1;
        Self(())
    }
}

impl Drop for CreationGuard {
    fn drop(&mut self) {
        *in_the_making() -= 1;
        MADE.notify_all();
    }
}

/// Waits until no object is being made. From here on, a thread that wants to make one waits until the process ends.
pub(super) fn stop() {
    let all_made = MADE.wait_timeout_while(in_the_making(), MADE_BY_THEN, |number| *number > 0);
    std::mem::forget(all_made); // stays locked
}

fn in_the_making() -> MutexGuard<'static, usize> {
    MAKING.lock().unwrap_or_else(PoisonError::into_inner)
}
