//! The system calls that neither `nix` nor std wrap. The only file of the crate with `unsafe`.
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

/// Makes `signal` interrupt system calls: installs an empty handler, without `SA_RESTART`.
pub(crate) fn interrupt_on(signal: Signal) -> nix::Result<()> {
    extern "C" fn do_nothing(_signal: libc::c_int) {}
    let action = SigAction::new(SigHandler::Handler(do_nothing), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing, so it does nothing that is forbidden in a handler.
    unsafe { sigaction(signal, &action) }.map(drop)
}

/// Makes the kernel refuse the system call `number` with `errno`, as the seccomp filter of a sandbox does, for this
/// thread and for every process and thread that it starts.
///
/// # Errors
/// The kernel permits no filter.
///
/// `int prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, struct sock_fprog *prog);`
/// — [seccomp(2)](https://man7.org/linux/man-pages/man2/seccomp.2.html)
pub fn refuse(number: libc::c_long, errno: Errno) -> nix::Result<()> {
    use libc::{BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W};
    use libc::{SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO, sock_filter, sock_fprog};

    let line = |code: u32, jt, jf, k| sock_filter { code: code as u16, jt, jf, k };
    // `struct seccomp_data` begins with the number. If it is this one, run the next line; if not, the line after that.
    let mut filter = [
        line(BPF_LD | BPF_W | BPF_ABS, 0, 0, 0),
        line(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, number as u32),
        line(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | errno as u32),
        line(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW),
    ];
    let program = sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    nix::sys::prctl::set_no_new_privs()?; // otherwise, a filter needs privileges
    // SAFETY: the kernel copies the filter, whose lines live until the end of this function.
    let set = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    Errno::result(set).map(drop)
}
