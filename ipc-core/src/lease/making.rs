//! The moment between making an object and noting it, in which a signal that ends the process has to wait.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many objects are just being made, for [`stop`] to wait until each is noted.
static MAKING: Mutex<usize> = Mutex::new(0);
static MADE: Condvar = Condvar::new();

/// How long a process that was told to end waits for an object that is just being made; a file system may hang.
const MADE_BY_THEN: Duration = Duration::from_secs(1);

/// Lets nothing be forgotten that is made while the returned value lives: a signal that ends the process waits for
/// it. Without that, the end may come when an object is there and [noted](super::Lease::record) nowhere.
#[must_use = "only while it lives do signals wait"]
pub fn making() -> Making {
    *in_the_making() += 1;
    Making(())
}

/// See [`making`].
#[derive(Debug)]
pub struct Making(());

impl Drop for Making {
    fn drop(&mut self) {
        *in_the_making() -= 1;
        MADE.notify_all();
    }
}

/// Waits until nothing is in the making. From here on, whoever wants to make something waits for the process to end.
pub(super) fn stop() {
    let all_made = MADE.wait_timeout_while(in_the_making(), MADE_BY_THEN, |number| *number > 0);
    std::mem::forget(all_made); // stays locked
}

fn in_the_making() -> MutexGuard<'static, usize> {
    MAKING.lock().unwrap_or_else(PoisonError::into_inner)
}
