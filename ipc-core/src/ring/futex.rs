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
/// Sleeps if `word` still holds `expected`; the kernel looks and falls asleep in one step. Without
/// `FUTEX_PRIVATE_FLAG`, since the one who wakes is another process: the kernel then knows the word by its physical
/// page and not by its address, which differs between the two.
pub(super) fn wait(word: &AtomicU32, expected: u32, timeout: Duration) {
    let timeout = *TimeSpec::from_duration(timeout).as_ref();
    // SAFETY: the word is a live atomic, which the kernel reads as one; the timeout outlives the call.
    // Whatever it answers (woken, time over, another value, a signal), the caller has to look again.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, expected, &raw const timeout) };
}

/// `long syscall(SYS_futex, uint32_t *uaddr, FUTEX_WAKE, uint32_t val);` Wakes all who sleep on `word`.
pub(super) fn wake(word: &AtomicU32) {
    let everybody = i32::MAX;
    let no_timeout = ptr::null::<libc::timespec>();
    // SAFETY: the kernel uses the address of the word only to find its sleepers. Nothing can fail but a bad address.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, everybody, no_timeout) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_has_changed_does_not_let_one_sleep() {
        crate::conformance::watchdog::watched(|| wait(&AtomicU32::new(1), 0, Duration::from_secs(3600)));
    }

    #[test]
    fn a_sleep_ends_by_itself() {
        wait(&AtomicU32::new(0), 0, Duration::from_millis(1));
    }
}
