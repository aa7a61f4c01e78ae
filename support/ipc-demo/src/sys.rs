//! The system calls that neither `nix` nor std wrap. The only file of the crate with `unsafe`.
#![allow(unsafe_code)]

use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use ipc_core::ThreadId;
use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction, signal as set};

/// Gives `signal` its default action, here and in all children, whatever the parent has set.
///
/// # Errors
/// `EINVAL`: the action of this signal cannot be set.
pub fn heed(signal: Signal) -> nix::Result<()> {
    // SAFETY: the default action runs no code of ours.
    unsafe { set(signal, SigHandler::SigDfl) }.map(drop)
}

/// Ignores `signal`, here and in all children.
///
/// # Errors
/// `EINVAL`: the action of this signal cannot be set.
pub fn ignore(signal: Signal) -> nix::Result<()> {
    // SAFETY: an ignored signal runs no code of ours.
    unsafe { set(signal, SigHandler::SigIgn) }.map(drop)
}

/// The thread that [`forward`] sends signals to.
static RECEIVER: OnceLock<ThreadId> = OnceLock::new();

/// Hands each `signal` that comes to a thread of this process on to `receiver`, which blocks it and waits for it with
/// `sigwait`.
///
/// If all threads blocked the signal instead, no handler would be needed, but all programs that they start would inherit
/// the blocked signal. A handler ends with `execve`.
///
/// # Errors
/// `EINVAL`: the action of this signal cannot be set.
pub(crate) fn forward(signal: Signal, receiver: ThreadId) -> nix::Result<()> {
    extern "C" fn hand_on(signal: libc::c_int) {
        let errno = Errno::last_raw(); // that of the code which is interrupted
        if let (Some(receiver), Ok(signal)) = (RECEIVER.get(), Signal::try_from(signal)) {
            // An error means that this is a child before its `execve`, which has no such thread.
            let _ = receiver.signal(signal);
        }
        Errno::set_raw(errno);
    }
    RECEIVER.get_or_init(|| receiver);
    let handler = SigHandler::Handler(hand_on);
    // SAFETY: the handler reads a value that was written before, and makes one system call: both may be done at any moment.
    unsafe { sigaction(signal, &SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty())) }.map(drop)
}

/// Ends this process at once: what `exit` would run may wait for a thread that is stuck.
pub(crate) fn exit_now(status: i32) -> ! {
    // SAFETY: the call ends the process, and touches no memory of ours.
    unsafe { libc::_exit(status) }
}

/// Returns whether this process ignores `signal`: an action that `execve` preserves.
///
/// `int sigaction(int signum, const struct sigaction *act, struct sigaction *oldact);`
/// — [sigaction(2)](https://man7.org/linux/man-pages/man2/sigaction.2.html)
pub(crate) fn is_ignored(signal: Signal) -> nix::Result<bool> {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: a null action changes nothing; the kernel writes one `sigaction`, and there is memory for one.
    let asked = unsafe { libc::sigaction(signal as libc::c_int, std::ptr::null(), action.as_mut_ptr()) };
    Errno::result(asked)?;
    // SAFETY: the call succeeded, so the kernel has filled it in.
    Ok(unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN)
}

/// Returns the number of bytes that can be read from a pipe, a FIFO or a socket (`FIONREAD`).
///
/// # Errors
/// `ENOTTY`: it is none of these.
pub fn bytes_to_read(fd: BorrowedFd<'_>) -> nix::Result<usize> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the kernel writes one int, and there is one; the descriptor is open as long as it is borrowed.
    Errno::result(unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONREAD, &raw mut bytes) })?;
    Ok(bytes.cast_unsigned() as usize)
}

/// Takes over the descriptors that the parent has left open for this process, and closes them at an `execve`. To be called
/// once, before this process opens anything: the numbers are those that the parent has named.
///
/// # Errors
/// `EBADF`: one of them is not open, or is one of the standard three, or this is not the first call.
pub(crate) fn inherited(numbers: &[RawFd]) -> nix::Result<Vec<OwnedFd>> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    let is_twice = |at: usize, number: &RawFd| numbers[..at].contains(number);
    let odd = numbers.iter().enumerate().any(|(at, number)| *number < 3 || is_twice(at, number));
    if odd || TAKEN.swap(true, Ordering::Relaxed) {
        return Err(Errno::EBADF);
    }
    let take = |&number: &RawFd| {
        // SAFETY: the call sets a flag of a descriptor by number, and touches no memory.
        Errno::result(unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) })?;
        // SAFETY: it is open, and inherited, so no value of this process owns it; it is above the standard three, and
        // taken once.
        Ok(unsafe { OwnedFd::from_raw_fd(number) })
    };
    numbers.iter().map(take).collect()
}

/// The descriptors among 0, 1 and 2 that were closed when this program started, one bit each. Rust's runtime opens
/// `/dev/null` in their place before `main`, so the check has to run earlier: among the functions that the C library
/// calls first (std records its arguments there too).
pub(crate) mod at_start {
    use std::sync::atomic::{AtomicU8, Ordering};

    static CLOSED: AtomicU8 = AtomicU8::new(0);

    #[used]
    #[unsafe(link_section = ".init_array")]
    static NOTE: extern "C" fn() = note;

    extern "C" fn note() {
        for fd in 0..3 {
            // SAFETY: the call reads a flag of a descriptor by number, and touches no memory.
            if unsafe { libc::fcntl(fd, libc::F_GETFD) } == -1 {
                CLOSED.fetch_or(1 << fd, Ordering::Relaxed);
            }
        }
    }

    /// Returns whether the descriptor `fd`, 0 to 2, was closed.
    pub(crate) fn was_closed(fd: u8) -> bool {
        CLOSED.load(Ordering::Relaxed) & 1 << fd != 0
    }
}
