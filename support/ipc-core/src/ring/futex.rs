//! Sleeping until another process changes a word of shared memory.
#![allow(unsafe_code)]

use std::ptr;
use std::time::Duration;

use nix::libc;
use nix::sys::time::TimeSpec;

use super::atomic::AtomicU32;

/// `long syscall(SYS_futex, uint32_t *uaddr, FUTEX_WAIT, uint32_t val, const struct timespec *timeout, …);` —
/// [futex(2)](https://man7.org/linux/man-pages/man2/futex.2.html).
///
/// Sleeps if `word` still holds `expected`; the kernel checks that and goes to sleep in one step. It is called without
/// `FUTEX_PRIVATE_FLAG`, since the waker is another process: the kernel then identifies the word by its physical page,
/// not by its address, which differs between the two.
///
/// The longest `timeout` of all means none: then the kernel sets no timer, which saves a tenth of a short sleep.
pub(super) fn wait(word: &AtomicU32, expected: u32, timeout: Duration) {
    let timeout = (timeout < Duration::MAX).then(|| *TimeSpec::from_duration(timeout).as_ref());
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the word is a live atomic, which the kernel reads as one; the timeout, if any, outlives the call.
    // Whatever the call returns (woken, timed out, another value, a signal), the caller has to check again.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, expected, timeout) };
}

/// `long syscall(SYS_futex, uint32_t *uaddr, FUTEX_WAKE, uint32_t val);` Wakes all sleepers on `word`.
pub(super) fn wake(word: &AtomicU32) {
    let all_waiters = i32::MAX;
    let no_timeout = ptr::null::<libc::timespec>();
    // SAFETY: the kernel uses the address of the word only to find its sleepers. Only a bad address could make it fail.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, all_waiters, no_timeout) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_has_changed_does_not_let_one_sleep() {
        ipc_conformance::watchdog::watched(|| wait(&AtomicU32::new(1), 0, Duration::from_secs(3600)));
    }

    #[test]
    fn a_sleep_ends_by_itself() {
        wait(&AtomicU32::new(0), 0, Duration::from_millis(1));
    }
}
