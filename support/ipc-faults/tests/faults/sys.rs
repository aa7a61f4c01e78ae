//! The system calls of a traced thread, and whether they may wait.

use ipc_core::process::proc;
use ipc_core::trace::{SystemCall, entered_call};
use nix::sys::ptrace;
use nix::unistd::Pid;

/// A system call about to be made: its number, its arguments, and its place in the program.
#[derive(Clone, Copy, Debug)]
pub struct Entered {
    pub number: i64,
    pub args: [u64; 6],
    pub site: Site,
    /// True if it may wait, judged by its descriptor or its operation.
    pub may_wait: bool,
}

/// The place of a call in the program: its instruction, and the depth of the stack. The instruction alone is one of the
/// C library's; the depth tells its callers apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    instruction: u64,
    stack: u64,
}

/// Returns the call that the thread `tid` is about to make; `None` if it has just made one.
pub fn entered(tid: Pid) -> nix::Result<Option<Entered>> {
    let Some(SystemCall { number, args, instruction, stack }) = entered_call(tid)? else { return Ok(None) };
    let may_wait = match number {
        libc::SYS_read | libc::SYS_write | libc::SYS_writev | libc::SYS_connect | libc::SYS_accept4 => {
            flags(tid, args[0]).is_some_and(|flags| flags & libc::O_NONBLOCK == 0)
        }
        // `struct sembuf` is three numbers of 16 bits; the flags come last.
        libc::SYS_semtimedop => {
            let operation = ptrace::read(tid, args[1] as ptrace::AddressType)?;
            operation >> 32 & libc::c_long::from(libc::IPC_NOWAIT) == 0
        }
        _ => true,
    };
    Ok(Some(Entered { number, args, site: Site { instruction, stack }, may_wait }))
}

/// Returns the flags of another process's descriptor; `None` if it has no such descriptor.
fn flags(tid: Pid, fd: u64) -> Option<i32> {
    let flags = proc::value(&format!("/proc/{tid}/fdinfo/{fd}"), "flags:").ok()??;
    i32::from_str_radix(&flags, 8).ok()
}
