//! A thread of this process, as the kernel identifies it.

use nix::sys::signal::Signal;

use crate::sys;

/// The kernel's number of a thread of this process, to send it signals.
///
/// Not the C library's `pthread_t`: that is a pointer on musl, and must not be used once the thread has ended. Here a
/// signal to a thread that has ended is an error, `ESRCH`; the number is reused only after all others have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadId(libc::pid_t);

impl ThreadId {
    /// Returns the calling thread.
    #[must_use]
    pub fn current() -> Self {
        Self(nix::unistd::gettid().as_raw())
    }

    /// Returns the thread with this number.
    pub(crate) const fn from_raw(number: libc::pid_t) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub(crate) const fn as_raw(self) -> libc::pid_t {
        self.0
    }

    /// Sends `signal` to this thread and to no other.
    ///
    /// # Errors
    /// `ESRCH`: the thread has ended.
    #[doc(alias = "tgkill")]
    pub fn signal(self, signal: Signal) -> nix::Result<()> {
        sys::tgkill(self.0, signal)
    }
}
