//! The system calls that neither `nix` nor std wrap. The only file of the crate, apart from the ring, with `unsafe`.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::ptr;

use nix::NixPath;
use nix::errno::Errno;
use nix::sys::signal::Signal;

/// `int pidfd_open(pid_t pid, unsigned int flags);` — [pidfd_open(2)](https://man7.org/linux/man-pages/man2/pidfd_open.2.html).
/// The kernel makes the descriptor close-on-exec.
pub(crate) fn pidfd_open(pid: u32) -> nix::Result<OwnedFd> {
    pidfd_open_with(pid as libc::pid_t, 0)
}

/// Does the same for a thread: `PIDFD_THREAD`, since Linux 6.9.
pub(crate) fn pidfd_open_thread(thread: libc::pid_t) -> nix::Result<OwnedFd> {
    pidfd_open_with(thread, libc::PIDFD_THREAD)
}

fn pidfd_open_with(pid: libc::pid_t, flags: libc::c_uint) -> nix::Result<OwnedFd> {
    // SAFETY: the call takes two integers and touches no memory of ours.
    let answer = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, flags) };
    let fd = Errno::result(answer)? as RawFd;
    // SAFETY: the kernel has just made this descriptor for us; nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// `int pidfd_getfd(int pidfd, int targetfd, unsigned int flags);`
/// — [pidfd_getfd(2)](https://man7.org/linux/man-pages/man2/pidfd_getfd.2.html)
///
/// The kernel makes the descriptor close-on-exec.
pub(crate) fn pidfd_getfd(of: impl AsFd, number: RawFd) -> nix::Result<OwnedFd> {
    // SAFETY: the call takes three integers and touches no memory of ours.
    let answer = unsafe { libc::syscall(libc::SYS_pidfd_getfd, of.as_fd().as_raw_fd(), number, 0) };
    let fd = Errno::result(answer)? as RawFd;
    // SAFETY: the kernel has just made this descriptor for us; nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// `int close_range(unsigned int first, unsigned int last, int flags);`
/// — [close_range(2)](https://man7.org/linux/man-pages/man2/close_range.2.html)
///
/// With `CLOSE_RANGE_UNSHARE`, it first gives the calling thread a table of its own: the descriptors from `first` on are
/// closed in that one, and stay open in the table of the other threads.
pub(crate) fn unshare_descriptors(first: libc::c_uint) -> nix::Result<()> {
    // SAFETY: the call takes three integers and touches no memory of ours. The caller promises that this thread uses none
    // of the descriptors that it leaves behind.
    let answer =
        unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, libc::CLOSE_RANGE_UNSHARE) };
    Errno::result(answer).map(drop)
}

/// `int renameat2(AT_FDCWD, const char *oldpath, AT_FDCWD, const char *newpath, RENAME_NOREPLACE);`
/// — [rename(2)](https://man7.org/linux/man-pages/man2/rename.2.html)
///
/// `EEXIST` if `to` exists. Called by its number, since nix wraps it for glibc only.
pub(crate) fn rename_new(from: &Path, to: &Path) -> nix::Result<()> {
    let here = libc::AT_FDCWD;
    from.with_nix_path(|from| {
        to.with_nix_path(|to| {
            let (from, to, flags) = (from.as_ptr(), to.as_ptr(), libc::RENAME_NOREPLACE);
            // SAFETY: both are strings that end with a zero byte and outlive the call.
            let renamed = unsafe { libc::syscall(libc::SYS_renameat2, here, from, here, to, flags) };
            Errno::result(renamed).map(drop)
        })
    })??
}

/// `int tgkill(pid_t tgid, pid_t tid, int sig);` — [tgkill(2)](https://man7.org/linux/man-pages/man2/tgkill.2.html)
pub(crate) fn tgkill(thread: libc::pid_t, signal: Signal) -> nix::Result<()> {
    let process = std::process::id();
    // SAFETY: the call takes three integers and touches no memory of ours.
    Errno::result(unsafe { libc::syscall(libc::SYS_tgkill, process, thread, signal as libc::c_int) })
        .map(drop)
}

/// Makes `signal` interrupt system calls: installs a handler that does nothing, unless the program has its own, and takes
/// `SA_RESTART` from either.
///
/// `int sigaction(int signum, const struct sigaction *act, struct sigaction *oldact);`
/// — [sigaction(2)](https://man7.org/linux/man-pages/man2/sigaction.2.html)
pub(crate) fn interrupt_calls(signal: Signal) -> nix::Result<()> {
    extern "C" fn nothing(_signal: libc::c_int) {}
    let (number, mut action) = (signal as libc::c_int, MaybeUninit::<libc::sigaction>::uninit());
    // SAFETY: a null action changes nothing; the kernel writes one `sigaction`, and there is memory for one.
    Errno::result(unsafe { libc::sigaction(number, ptr::null(), action.as_mut_ptr()) })?;
    // SAFETY: the call succeeded, so it has been filled in.
    let mut action = unsafe { action.assume_init() };
    if matches!(action.sa_sigaction, libc::SIG_DFL | libc::SIG_IGN) {
        action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as libc::sighandler_t;
        action.sa_flags &= !libc::SA_SIGINFO;
    }
    action.sa_flags &= !libc::SA_RESTART;
    // SAFETY: the handler is the program's own, or one that does nothing, which is safe at any moment.
    Errno::result(unsafe { libc::sigaction(number, &raw const action, ptr::null_mut()) }).map(drop)
}

/// Has each child that `fork(3)` makes from now on call `note` first. `vfork` and `posix_spawn` do not.
///
/// `int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));`
/// — [pthread_atfork(3)](https://man7.org/linux/man-pages/man3/pthread_atfork.3.html)
pub(crate) fn in_each_forked_child(note: extern "C" fn()) -> nix::Result<()> {
    // SAFETY: the function is there for the life of the process. In a child of `fork` it may do what a signal handler
    // may: the only one that is passed stores to an atomic.
    match unsafe { libc::pthread_atfork(None, None, Some(note)) } {
        0 => Ok(()),
        errno => Err(Errno::from_raw(errno)),
    }
}

/// Makes a copy of this process that does `what` and ends, without running any other program: `fork(2)`.
#[cfg(test)]
pub(crate) fn forked(what: impl FnOnce() -> bool) -> nix::unistd::Pid {
    // SAFETY: the child has one thread, this one. It allocates, which glibc and musl permit after a fork, and takes no
    // lock that another thread may have held, except where that is tested. It leaves by `_exit`, so it drops nothing.
    match unsafe { nix::unistd::fork() }.unwrap() {
        nix::unistd::ForkResult::Parent { child } => child,
        nix::unistd::ForkResult::Child => {
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(what)).unwrap_or(false);
            // SAFETY: takes a number and does not return.
            unsafe { libc::_exit(libc::c_int::from(!done)) }
        }
    }
}

/// Returns whether a process that was [`forked`] did what it was to do. One that does not end is killed.
#[cfg(test)]
pub(crate) fn succeeds(child: nix::unistd::Pid) -> bool {
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
    for _ in 0..3000 {
        match waitpid(child, Some(WaitPidFlag::WNOHANG)).unwrap() {
            WaitStatus::StillAlive => std::thread::sleep(std::time::Duration::from_millis(10)),
            ended => return ended == WaitStatus::Exited(child, 0),
        }
    }
    nix::sys::signal::kill(child, Signal::SIGKILL).unwrap();
    waitpid(child, None).unwrap();
    false
}

/// A system call that a traced thread is about to make.
#[cfg(feature = "trace")]
#[derive(Clone, Copy, Debug)]
pub struct SystemCall {
    /// Its number.
    pub number: libc::c_long,
    /// Its arguments; a call uses as many of them as it has.
    pub args: [u64; 6],
    /// The address of the instruction, usually one of the C library's.
    pub instruction: u64,
    /// The address of the stack's end, which distinguishes the callers of that instruction.
    pub stack: u64,
}

/// Returns the system call that the traced thread is about to make; `None` if it has just made one.
///
/// `long ptrace(PTRACE_GET_SYSCALL_INFO, pid_t pid, size_t size, struct ptrace_syscall_info *info);`
/// — [ptrace(2)](https://man7.org/linux/man-pages/man2/ptrace.2.html)
///
/// # Errors
/// `ESRCH`: this thread does not trace it, or it is not stopped.
#[cfg(feature = "trace")]
pub fn entered_call(thread: nix::unistd::Pid) -> nix::Result<Option<SystemCall>> {
    /// The beginning of `struct ptrace_syscall_info`, which the libc crate has for glibc only.
    #[repr(C)]
    #[derive(Default)]
    struct Info {
        op: u8,
        arch: u32,
        instruction_pointer: u64,
        stack_pointer: u64,
        number: u64,
        arguments: [u64; 6],
    }
    const PTRACE_GET_SYSCALL_INFO: libc::c_uint = 0x420e;
    const ENTRY: u8 = 1;

    let mut info = Info::default();
    let (pid, size) = (thread.as_raw(), size_of::<Info>());
    // SAFETY: the kernel writes at most `size` bytes, all of which may have any value.
    let answer =
        unsafe { libc::syscall(libc::SYS_ptrace, PTRACE_GET_SYSCALL_INFO, pid, size, &raw mut info) };
    Errno::result(answer)?;
    Ok((info.op == ENTRY).then_some(SystemCall {
        number: info.number as libc::c_long,
        args: info.arguments,
        instruction: info.instruction_pointer,
        stack: info.stack_pointer,
    }))
}

/// `key_t ftok(const char *pathname, int proj_id);` — [ftok(3)](https://man7.org/linux/man-pages/man3/ftok.3.html)
#[cfg(test)]
pub(crate) fn ftok(path: &std::path::Path, project: libc::c_int) -> Option<libc::key_t> {
    use std::os::unix::ffi::OsStrExt;
    let path = std::ffi::CString::new(path.as_os_str().as_bytes()).ok()?;
    // SAFETY: `path` is a string that ends with a zero byte and outlives the call.
    let key = unsafe { libc::ftok(path.as_ptr(), project) };
    (key != -1).then_some(key)
}
